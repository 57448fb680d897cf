import { isFields } from '../object.ts';
import type { Exchange } from './session.ts';

/**
 * A transcript with everything replaced that two servers need not have in common: times, UIDs, versions, chosen addresses
 * and ports. Equal ones get equal names, so that what stayed the same is still to be seen.
 */
export function normalised(transcript: readonly Exchange[], namespace: string): readonly unknown[] {
  const names = new Map<string, string>();
  const nameOf = (what: string, value: string): string => {
    const key = `${what} ${value}`;
    const count = [...names.keys()].filter((one) => one.startsWith(`${what} `)).length;
    const name = names.get(key) ?? `<${what} ${count + 1}>`;
    names.set(key, name);
    return name;
  };

  const text = (value: string): string =>
    value
      .replaceAll(namespace, '<namespace>')
      .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (uid) => nameOf('uid', uid))
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>')
      .replaceAll(/\b10\.96\.\d+\.\d+\b/g, (address) => nameOf('address', address))
      .replaceAll(/\b(generated-)[a-z0-9]{5}\b/g, '$1<random>')
      .replaceAll(/([?&]continue=)[^&]+/g, '$1<continue>')
      .replaceAll(/(resource ?version[^"]*?)\b\d+( \(\d+\)|, current: \d+)?/gi, '$1<number>');

  const field = (name: string, value: unknown): unknown => {
    if (name === 'resourceVersion') return nameOf('version', String(value));
    if (name === 'continue') return '<continue>';
    if (name === 'nodePort' || name === 'healthCheckNodePort') return nameOf('port', String(value));
    if (name === 'causes' && Array.isArray(value)) return visit(value.toSorted(byText));
    if (name === 'message' && typeof value === 'string')
      return text(value.replace(/ is invalid: \[.*\]$/s, ' is invalid: [...]'));
    if (name === 'managedFields' && Array.isArray(value)) return visit(value.toSorted(byManager));
    return visit(value);
  };

  const visit = (value: unknown): unknown => {
    if (typeof value === 'string') return text(value);
    if (Array.isArray(value)) return value.map(visit);
    if (!isFields(value)) return value;
    const entries = Object.entries(isList(value) ? withoutVersion(value) : value)
      .filter(([, item]) => item !== undefined)
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(entries.map(([name, item]) => [text(name), field(name, item)]));
  };
  return transcript.map(visit);
}

function isList(value: Readonly<Record<string, unknown>>): boolean {
  return Array.isArray(value['items']);
}

// The real server counts writes of its own too, so the version of a list is not that of any object in it.
function withoutVersion(list: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { resourceVersion: _, ...metadata } = isFields(list['metadata']) ? list['metadata'] : {};
  return { ...list, metadata };
}

// The real server visits fields in no order; the causes say the same as the message.
function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

function byManager(a: unknown, b: unknown): number {
  const key = (entry: unknown): string =>
    isFields(entry) ? [entry['manager'], entry['operation'], entry['subresource'], entry['apiVersion']].join('/') : '';
  return key(a) < key(b) ? -1 : 1;
}
