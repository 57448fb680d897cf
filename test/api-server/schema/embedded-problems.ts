import type { FieldProblem } from './field-problem.ts';
import { invalidValue, requiredValue } from './field-problem.ts';
import { metadataProblems } from './metadata-problems.ts';
import type { JsonObject, SchemaNode } from './schema-node.ts';
import { isObject, propertyOf } from './schema-node.ts';

/** What is wrong with objects that the schema says are inside (Kubernetes: x-kubernetes-embedded-resource). */
export function embeddedProblems(node: SchemaNode, value: unknown, path = ''): readonly FieldProblem[] {
  const { additionalProperties, items } = node;
  if (Array.isArray(value)) {
    return items === undefined ? [] : value.flatMap((item, i) => embeddedProblems(items, item, `${path}[${i}]`));
  }
  if (!isObject(value)) return [];
  const own = node['x-kubernetes-embedded-resource'] === true ? resourceProblems(value, path) : [];
  const inner = Object.entries(value).flatMap(([name, member]) => {
    const named = propertyOf(node, name);
    if (named !== undefined) return embeddedProblems(named, member, path === '' ? name : `${path}.${name}`);
    return isObject(additionalProperties) ? embeddedProblems(additionalProperties, member, `${path}[${name}]`) : [];
  });
  return [...own, ...inner];
}

function resourceProblems(value: JsonObject, path: string): readonly FieldProblem[] {
  const { apiVersion, kind, metadata } = value;
  return [
    ...textProblems(apiVersion, `${path}.apiVersion`, versionDetails),
    ...textProblems(kind, `${path}.kind`, kindDetails),
    ...(isObject(metadata) ? nameProblems(metadata['name'], `${path}.metadata.name`) : []),
    ...metadataProblems(metadata, `${path}.metadata`),
  ];
}

function textProblems(
  value: unknown,
  field: string,
  details: (text: string) => readonly string[],
): readonly FieldProblem[] {
  if (value === undefined) return [requiredValue(field)];
  if (typeof value !== 'string') return [invalidValue(field, value, 'must be a string')];
  const found = value === '' ? ['must not be empty'] : details(value);
  return found.map((detail) => invalidValue(field, value, detail));
}

function versionDetails(text: string): readonly string[] {
  return text.split('/').length > 2 ? [`unexpected GroupVersion string: ${text}`] : [];
}

function kindDetails(text: string): readonly string[] {
  const details = [
    ...(text.length > 63 ? ['must be no more than 63 characters'] : []),
    ...(/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(text.toLowerCase()) ? [] : [labelRule]),
  ];
  return details.length === 0 ? [] : [`may have mixed case, but should otherwise match: ${details.join(',')}`];
}

const labelRule =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

function nameProblems(name: unknown, field: string): readonly FieldProblem[] {
  if (typeof name !== 'string') return [];
  if (name === '.' || name === '..') return [invalidValue(field, name, `may not be '${name}'`)];
  const strangers = ['/', '%'].filter((character) => name.includes(character));
  return strangers.map((character) => invalidValue(field, name, `may not contain '${character}'`));
}
