import { textAt } from './object.ts';
import type { ApiObject } from './object.ts';
import { badRequest } from './status.ts';
import type { ServedKind } from './served-kind.ts';

export type Matches = (object: ApiObject) => boolean;

const labelName = /^([A-Za-z0-9][-A-Za-z0-9_./]*)?[A-Za-z0-9]$/;

/** Which objects a request selects (Kubernetes: labels and selectors, field selectors). Throws Refusal. */
export function selection(kind: ServedKind, labelSelector: string | null, fieldSelector: string | null): Matches {
  const matches = [
    ...requirements(labelSelector).map((one) => labelRequirement(one)),
    ...requirements(fieldSelector).map((one) => fieldRequirement(kind, one)),
  ];
  if (matches.length === 0) return () => true;
  return (object) => matches.every((match) => match(object));
}

// Commas separate requirements, but not inside the parentheses of a set.
function requirements(selector: string | null): readonly string[] {
  const parts = (selector ?? '').split(/,(?![^(]*\))/).map((part) => part.trim());
  return parts.filter((part) => part !== '');
}

function labelRequirement(text: string): Matches {
  const set = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(text);
  if (set !== null) {
    const [, key = '', operator, list = ''] = set;
    const values = new Set(list.split(',').map((value) => value.trim()));
    return (object) => {
      const value = labelOf(object, checked(key));
      return (value !== undefined && values.has(value)) === (operator === 'in');
    };
  }
  const equality = /^([^!=\s]+)\s*(==|=|!=)\s*(\S*)$/.exec(text);
  if (equality !== null) {
    const [, key = '', operator, value = ''] = equality;
    checked(key);
    return (object) => (labelOf(object, key) === value) === (operator !== '!=');
  }
  const absent = text.startsWith('!');
  const key = checked(absent ? text.slice(1).trim() : text);
  return (object) => (labelOf(object, key) === undefined) === absent;
}

function checked(key: string): string {
  if (!labelName.test(key)) throw badRequest(`unable to parse requirement: found '${key}', expected: identifier`);
  return key;
}

function labelOf(object: ApiObject, key: string): string | undefined {
  return object.metadata.labels?.[key];
}

function fieldRequirement(kind: ServedKind, text: string): Matches {
  const parsed = /^([^!=\s]+)\s*(==|=|!=)\s*(.*)$/.exec(text);
  if (parsed === null) throw badRequest(`invalid selector: '${text}'; can't understand '${text}'`);
  const [, field = '', operator, value = ''] = parsed;
  const known = field === 'metadata.name' || (field === 'metadata.namespace' && kind.namespaced);
  if (!known && !kind.selectableFields.includes(field)) throw badRequest(`field label not supported: ${field}`);
  const path = field.split('.');
  return (object) => ((textAt(object, ...path) ?? '') === value) === (operator !== '!=');
}
