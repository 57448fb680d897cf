import { isObject } from '../schema/schema-node.ts';

/**
 * One step of a path into an object, in the notation of managedFields (Kubernetes: `FieldsV1`): `f:<member>`,
 * `k:<keys of an item of a list map, as JSON>`, `v:<item of a list set, as JSON>`. Equal steps are equal strings.
 */
export type PathElement = string;

export function memberElement(name: string): PathElement {
  return `f:${name}`;
}

export function keyElement(keys: Readonly<Record<string, unknown>>): PathElement {
  const sorted = Object.entries(keys).toSorted(([a], [b]) => compareText(a, b));
  return `k:${jsonText(Object.fromEntries(sorted))}`;
}

export function valueElement(value: unknown): PathElement {
  return `v:${jsonText(value)}`;
}

/** The name of the member that the step leads to; undefined for a step into a list. */
export function memberName(element: PathElement): string | undefined {
  return element.startsWith('f:') ? element.slice(2) : undefined;
}

/** A path as the API server prints it: `.spec.ports[port=80,protocol="TCP"].name`. */
export function printPath(path: readonly PathElement[]): string {
  return path.map(printElement).join('');
}

function printElement(element: PathElement): string {
  const name = memberName(element);
  if (name !== undefined) return `.${name}`;
  const value: unknown = JSON.parse(element.slice(2));
  if (element.startsWith('v:')) return `[=${JSON.stringify(value)}]`;
  const keys = isObject(value) ? Object.entries(value) : [];
  return `[${keys.map(([key, part]) => `${key}=${JSON.stringify(part)}`).join(',')}]`;
}

const ranks = 'fkvi';

/** The order in which the API server writes steps: members, then keyed items, then values of sets. */
export function compareElements(a: PathElement, b: PathElement): number {
  const rank = ranks.indexOf(a.charAt(0)) - ranks.indexOf(b.charAt(0));
  if (rank !== 0) return rank;
  if (a.startsWith('f:')) return compareText(a, b);
  return compareValues(JSON.parse(a.slice(2)), JSON.parse(b.slice(2)));
}

function compareValues(a: unknown, b: unknown): number {
  if (isObject(a) && isObject(b)) return compareKeys(Object.entries(a), Object.entries(b));
  if (typeof a !== typeof b) return scalarRank(a) - scalarRank(b);
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return compareText(String(a), String(b));
}

function compareKeys(a: readonly [string, unknown][], b: readonly [string, unknown][]): number {
  for (const [index, [name, value]] of a.entries()) {
    const other = b[index];
    if (other === undefined) return 1;
    const order = compareText(name, other[0]) || compareValues(value, other[1]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function scalarRank(value: unknown): number {
  return ['number', 'string', 'boolean'].indexOf(typeof value);
}

function compareText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

// Go's encoder escapes what could end a script element of a web page.
function jsonText(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
