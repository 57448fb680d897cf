import type { FieldProblem } from './field-problem.ts';
import { invalidValue } from './field-problem.ts';
import type { JsonObject } from './schema-node.ts';
import { isObject } from './schema-node.ts';

/** Where a custom kind keeps what `/scale` shows, as in the CustomResourceDefinition (`.spec.replicas`). */
export interface ScaleDeclaration {
  readonly specReplicasPath: string;
  readonly statusReplicasPath: string;
  readonly labelSelectorPath: string | undefined;
}

/** What `/scale` could not show (Kubernetes: apiextensions `ValidateScaleSpec`, `ValidateScaleStatus`). */
export function scaleProblems(scale: ScaleDeclaration, object: JsonObject, isStatus: boolean): readonly FieldProblem[] {
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = scale;
  return [
    ...(isStatus ? [] : countProblems(specReplicasPath, object)),
    ...countProblems(statusReplicasPath, object),
    ...(labelSelectorPath === undefined ? [] : textProblems(labelSelectorPath, object)),
  ];
}

const most = 2 ** 31 - 1;

function countProblems(path: string, object: JsonObject): readonly FieldProblem[] {
  const { value, problem } = read(path, object, 'int64');
  if (problem !== undefined) return [invalidValue(path, 0, problem)];
  if (typeof value !== 'number') return [];
  if (value < 0) return [invalidValue(path, value, 'should be a non-negative integer')];
  return value > most ? [invalidValue(path, value, `should be less than or equal to ${most}`)] : [];
}

function textProblems(path: string, object: JsonObject): readonly FieldProblem[] {
  const { problem } = read(path, object, 'string');
  return problem === undefined ? [] : [invalidValue(path, '', problem)];
}

function read(path: string, object: JsonObject, type: 'int64' | 'string'): { value?: unknown; problem?: string } {
  const names = path.replace(/^\./, '').split('.');
  let value: unknown = object;
  for (const [index, name] of names.entries()) {
    if (value === null) return {};
    if (!isObject(value)) return { problem: accessorError(names.slice(0, index + 1), value, 'map[string]interface{}') };
    if (!Object.hasOwn(value, name)) return {};
    value = value[name];
  }
  return goType(value) === type ? { value } : { problem: accessorError(names, value, type) };
}

function accessorError(names: readonly string[], value: unknown, expected: string): string {
  return `.${names.join('.')} accessor error: ${goText(value)} is of the type ${goType(value)}, expected ${expected}`;
}

function goType(value: unknown): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'object' ? 'map[string]interface {}' : typeof value === 'boolean' ? 'bool' : typeof value;
}

function goText(value: unknown): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (!isObject(value)) return typeof value === 'string' ? value : JSON.stringify(value);
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `map[${members.map(([name, member]) => `${name}:${goText(member)}`).join(' ')}]`;
}
