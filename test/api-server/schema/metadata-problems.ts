import type { FieldProblem } from './field-problem.ts';
import { invalidValue, tooLong } from './field-problem.ts';
import { isObject } from './schema-node.ts';

const longestAnnotations = 256 * 1024;
const longestLabel = 63;
const longestPrefix = 253;

/**
 * What is wrong with labels, annotations, owner references and finalizers (Kubernetes: `ValidateObjectMeta`). Names are
 * each kind's own matter.
 */
export function metadataProblems(metadata: unknown, path = 'metadata'): readonly FieldProblem[] {
  if (!isObject(metadata)) return [];
  const labels = entriesOf(metadata['labels']);
  const annotations = entriesOf(metadata['annotations']);
  const size = annotations.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  return [
    ...labels.flatMap(([key, value]) => [...keyProblems(key, key, `${path}.labels`), ...labelProblems(value, path)]),
    ...annotations.flatMap(([key]) => keyProblems(key.toLowerCase(), key, `${path}.annotations`)),
    ...(size > longestAnnotations ? [tooLong(`${path}.annotations`, longestAnnotations)] : []),
    ...ownerProblems(listOf(metadata['ownerReferences']), `${path}.ownerReferences`),
    ...listOf(metadata['finalizers']).flatMap((one) => keyProblems(String(one), one, `${path}.finalizers`)),
  ];
}

const namePattern = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const prefixPattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const nameRule =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const prefixRule =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const nameExamples =
  "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

/** `[prefix/]name`, as keys of labels and annotations and finalizers are. */
function keyProblems(key: string, value: unknown, field: string): readonly FieldProblem[] {
  const parts = key.split('/');
  const [prefix = '', name = prefix] = parts;
  if (parts.length > 2) {
    const detail = `a qualified name ${nameRule} ${nameExamples} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`;
    return [invalidValue(field, value, detail)];
  }
  const details = parts.length === 2 ? prefixDetails(prefix) : [];
  if (name === '') details.push('name part must be non-empty');
  else if (name.length > longestLabel) details.push(`name part must be no more than ${longestLabel} bytes`);
  if (!namePattern.test(name)) details.push(`name part ${nameRule} ${nameExamples}`);
  return details.map((detail) => invalidValue(field, value, detail));
}

function prefixDetails(prefix: string): string[] {
  if (prefix === '') return ['prefix part must be non-empty'];
  return [
    ...(prefix.length > longestPrefix ? [`prefix part must be no more than ${longestPrefix} bytes`] : []),
    ...(prefixPattern.test(prefix) ? [] : [`prefix part ${prefixRule}`]),
  ];
}

function labelProblems(value: string, path: string): readonly FieldProblem[] {
  const rule = `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`;
  return [
    ...(value.length > longestLabel ? [`must be no more than ${longestLabel} bytes`] : []),
    ...(value === '' || namePattern.test(value) ? [] : [rule]),
  ].map((detail) => invalidValue(`${path}.labels`, value, detail));
}

function ownerProblems(owners: readonly unknown[], field: string): readonly FieldProblem[] {
  const references = owners.filter(isObject);
  const missing = references.flatMap((owner) =>
    (['apiVersion', 'kind', 'name', 'uid'] as const)
      .filter((name) => (owner[name] ?? '') === '')
      .map((name) => {
        const detail = name === 'apiVersion' ? 'version must not be empty' : 'must not be empty';
        return invalidValue(`${field}.${name}`, '', detail);
      }),
  );
  const controllers = references.filter(({ controller }) => controller === true);
  const [first, ...others] = controllers.map(({ kind, name }) => `${String(kind)}/${String(name)}`);
  const twice = others.map((other) => {
    const detail = `Only one reference can have Controller set to true. Found "true" in references for ${first} and ${other}`;
    return invalidValue(field, owners, detail);
  });
  return [...missing, ...twice];
}

function entriesOf(value: unknown): readonly (readonly [string, string])[] {
  return isObject(value) ? Object.entries(value).map(([key, one]) => [key, String(one)] as const) : [];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
