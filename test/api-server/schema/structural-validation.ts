import { isDeepStrictEqual } from 'node:util';
import type { FieldProblem } from './field-problem.ts';
import { invalidType, invalidValue, requiredValue, tooLong, tooMany, unsupportedValue } from './field-problem.ts';
import { fitsFormat, isKnownFormat } from './formats.ts';
import type { JsonObject, SchemaNode } from './schema-node.ts';
import { isObject, propertyOf } from './schema-node.ts';

/**
 * What is wrong with a value under a node of a structural schema (Kubernetes: apiextensions validation). CEL rules are
 * not among it: no library evaluates them here.
 */
export function schemaProblems(node: SchemaNode, value: unknown, path = ''): readonly FieldProblem[] {
  if (value === null || value === undefined)
    return [...typeProblems(node, null, path), ...enumProblems(node, null, path)];
  return [
    ...typeProblems(node, value, path),
    ...combinedProblems(node, value, path),
    ...(typeof value === 'string' ? textProblems(node, value, path) : []),
    ...(typeof value === 'number' ? numberProblems(node, value, path) : []),
    ...(Array.isArray(value) ? listProblems(node, value, path) : []),
    ...enumProblems(node, value, path),
    ...(isObject(value) ? objectProblems(node, value, path) : []),
  ];
}

function typeProblems(node: SchemaNode, value: unknown, path: string): readonly FieldProblem[] {
  const types = typesOf(node);
  const actual = typeOf(value);
  if (types.length === 0 || (value === null && node.nullable === true)) return [];
  if (types.includes(actual) || (actual === 'integer' && types.includes('number'))) return [];
  const problem = (expected: string, found: string): FieldProblem => {
    return invalidType(nameOf(path), found, `${path} in body must be of type ${expected}: "${found}"`);
  };
  if (value === null || !isKnownFormat(node.format)) return [problem(types.join(','), actual)];
  // A list passes for any text with a format, and other values are called by a format too.
  if (Array.isArray(value)) return [];
  return [problem(node.format, actual === 'integer' ? 'int64' : actual === 'number' ? 'float64' : '')];
}

function typesOf(node: SchemaNode): readonly string[] {
  if (node['x-kubernetes-int-or-string'] === true) return ['integer', 'string'];
  return node.type === undefined ? [] : [node.type];
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'number' ? (Number.isInteger(value) ? 'integer' : 'number') : typeof value;
}

function textProblems(node: SchemaNode, value: string, path: string): readonly FieldProblem[] {
  const { maxLength, minLength, pattern, format } = node;
  const problems: FieldProblem[] = [];
  // Characters, not UTF-16 units; the first of these that fails hides the next.
  const { length } = Array.from(value);
  if (maxLength !== undefined && length > maxLength) problems.push(tooLong(nameOf(path), maxLength));
  else if (minLength !== undefined && length < minLength) {
    problems.push(invalidValue(nameOf(path), value, `${path} in body should be at least ${minLength} chars long`));
  } else if (pattern !== undefined && pattern !== '' && !new RegExp(pattern, 'u').test(value)) {
    problems.push(invalidValue(nameOf(path), value, `${path} in body should match '${pattern}'`));
  }
  if (format !== undefined && isKnownFormat(format) && !fitsFormat(format, value)) {
    const detail = `${path} in body must be of type ${format}: ${JSON.stringify(value)}`;
    problems.push(invalidType(nameOf(path), value, detail));
  }
  return problems;
}

function numberProblems(node: SchemaNode, value: number, path: string): readonly FieldProblem[] {
  const { multipleOf, minimum, maximum, exclusiveMinimum = false, exclusiveMaximum = false } = node;
  const problem = (rule: string): FieldProblem =>
    invalidValue(nameOf(path), value, `${path} in body should be ${rule}`);
  const problems: FieldProblem[] = [];
  if (multipleOf !== undefined && !Number.isInteger(value / multipleOf)) {
    problems.push(problem(`a multiple of ${multipleOf}`));
  }
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)) {
    problems.push(problem(`greater than ${exclusiveMinimum ? '' : 'or equal to '}${minimum}`));
  }
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)) {
    problems.push(problem(`less than ${exclusiveMaximum ? '' : 'or equal to '}${maximum}`));
  }
  return problems;
}

function listProblems(node: SchemaNode, value: readonly unknown[], path: string): readonly FieldProblem[] {
  const { items, minItems, maxItems } = node;
  const problems = items === undefined ? [] : value.flatMap((item, i) => schemaProblems(items, item, `${path}[${i}]`));
  if (minItems !== undefined && value.length < minItems) {
    const detail = `${path} in body should have at least ${minItems} items`;
    problems.push(invalidValue(nameOf(path), value.length, detail));
  }
  if (maxItems !== undefined && value.length > maxItems) problems.push(tooMany(nameOf(path), value.length, maxItems));
  return problems;
}

function objectProblems(node: SchemaNode, value: JsonObject, path: string): readonly FieldProblem[] {
  const { minProperties, maxProperties, required = [], additionalProperties } = node;
  const problems: FieldProblem[] = [];
  const names = Object.keys(value);
  if (minProperties !== undefined && names.length < minProperties) {
    const detail = `${path} in body should have at least ${minProperties} properties`;
    problems.push(invalidValue(nameOf(path), names.length, detail));
  }
  if (maxProperties !== undefined && names.length > maxProperties) {
    problems.push(tooMany(nameOf(path), names.length, maxProperties));
  }
  for (const name of names) {
    const inner = propertyOf(node, name) ?? (isObject(additionalProperties) ? additionalProperties : undefined);
    if (inner !== undefined)
      problems.push(...schemaProblems(inner, value[name], path === '' ? name : `${path}.${name}`));
  }
  const missing = required.filter((name) => !Object.hasOwn(value, name));
  return [...problems, ...missing.map((name) => requiredValue(nameOf(path === '' ? name : `${path}.${name}`)))];
}

function enumProblems(node: SchemaNode, value: unknown, path: string): readonly FieldProblem[] {
  const { enum: allowed = [] } = node;
  if (allowed.length === 0 || allowed.some((one) => isDeepStrictEqual(one, value))) return [];
  return [unsupportedValue(nameOf(path), value, allowed)];
}

/** `allOf`, `anyOf`, `oneOf` and `not`. */
function combinedProblems(node: SchemaNode, value: unknown, path: string): readonly FieldProblem[] {
  const problems: FieldProblem[] = [];
  const add = (detail: string): void => {
    problems.push(invalidValue('<nil>', undefined, `"${path}" ${detail}`));
  };
  const failuresOf = (nodes: readonly SchemaNode[]) => nodes.map((one) => schemaProblems(one, value, path));
  if (node.anyOf !== undefined) {
    const results = failuresOf(node.anyOf);
    if (results.length > 0 && !results.some(isEmpty)) {
      add('must validate at least one schema (anyOf)');
      problems.push(...(results[0] ?? []));
    }
  }
  if (node.oneOf !== undefined && node.oneOf.length > 0) {
    const results = failuresOf(node.oneOf);
    const valid = results.filter(isEmpty).length;
    if (valid !== 1) {
      const found = valid === 0 ? 'Found none valid' : `Found ${valid} valid alternatives`;
      add(`must validate one and only one schema (oneOf). ${found}`);
      if (valid === 0) problems.push(...(results[0] ?? []));
    }
  }
  const all = failuresOf(node.allOf ?? []);
  problems.push(...all.flat());
  if (!all.every(isEmpty)) add(`must validate all the schemas (allOf)${all.some(isEmpty) ? '' : '. None validated'}`);
  if (node.not !== undefined && isEmpty(schemaProblems(node.not, value, path))) {
    add('must not validate the schema (not)');
  }
  return problems;
}

function isEmpty(list: readonly unknown[]): boolean {
  return list.length === 0;
}

/** A problem of the object itself has no field. */
function nameOf(path: string): string {
  return path === '' ? '<nil>' : path;
}
