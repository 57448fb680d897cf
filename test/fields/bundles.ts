import { isDeepStrictEqual } from 'node:util';
import type { Example, Parts } from './field.ts';

/** Fields that are set together, in one control plane: none of them says something else about a part that another sets. */
export interface Bundle {
  readonly given: Parts;
  readonly set: Parts;
  readonly paths: readonly string[];
}

/** Puts examples together that can be, since to run a controller for each would take long. */
export function bundlesOf(examples: readonly (readonly [path: string, Example])[]): readonly Bundle[] {
  const bundles: { given: Parts; set: Parts; apart: string; paths: string[] }[] = [];
  for (const [path, { given = {}, set, apart = '' }] of examples) {
    const fitting = bundles.find(
      (one) => one.apart === apart && isDeepStrictEqual(one.given, given) && agree(one.set, set),
    );
    if (fitting === undefined) bundles.push({ given, set, apart, paths: [path] });
    else Object.assign(fitting, { set: merged(fitting.set, set), paths: [...fitting.paths, path] });
  }
  return bundles;
}

/** The values of both; where both have one, that of the second. */
export function merged<T>(one: T, other: unknown): T;
export function merged(one: unknown, other: unknown): unknown {
  if (other === undefined || !isRecord(one) || !isRecord(other)) return other;
  const result: Record<string, unknown> = { ...one };
  for (const [name, value] of Object.entries(other)) {
    result[name] = Object.hasOwn(result, name) ? merged(result[name], value) : value;
  }
  return result;
}

function agree(one: unknown, other: unknown): boolean {
  if (!isRecord(one) || !isRecord(other)) return isDeepStrictEqual(one, other);
  return Object.keys(other).every((name) => !Object.hasOwn(one, name) || agree(one[name], other[name]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
