import { labelMatches } from './label-selector.ts';
import { textAt } from './object.ts';
import type { ApiObject } from './object.ts';
import { badRequest } from './status.ts';
import type { ServedKind } from './served-kind.ts';

export type Matches = (object: ApiObject) => boolean;

/** Which objects a request selects (Kubernetes: labels and selectors, field selectors). Throws Refusal. */
export function selection(kind: ServedKind, labelSelector: string | null, fieldSelector: string | null): Matches {
  const fields = (fieldSelector ?? '').split(',').filter((part) => part !== '');
  const matches = [...labelMatches(labelSelector ?? ''), ...fields.map((one) => fieldRequirement(kind, one))];
  if (matches.length === 0) return () => true;
  return (object) => matches.every((match) => match(object));
}

function fieldRequirement(kind: ServedKind, text: string): Matches {
  const parsed = /^([^!=\s]+)\s*(==|=|!=)\s*(.*)$/.exec(text);
  if (parsed === null) throw badRequest(`invalid selector: '${text}'; can't understand '${text}'`);
  const [, field = '', operator, value = ''] = parsed;
  const known = field === 'metadata.name' || (field === 'metadata.namespace' && kind.namespaced);
  if (!known && !kind.selectableFields.includes(field)) throw badRequest(unknownField(kind, field));
  const path = field.split('.');
  return (object) => ((textAt(object, ...path) ?? '') === value) === (operator !== '!=');
}

function unknownField(kind: ServedKind, field: string): string {
  if (kind.custom || kind.selectableFields.length > 0) return `field label not supported: ${field}`;
  return `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`;
}
