import * as fc from 'fast-check';
import type { JsonObject, SchemaNode } from './schema-node.ts';
import { isObject } from './schema-node.ts';

/**
 * Values that a schema is likely to accept, from few texts and numbers, so that two of them have much in common. What a
 * pattern asks for is not known, nor what CEL rules ask for.
 */
export function arbitraryValue(node: SchemaNode): fc.Arbitrary<unknown> {
  const value = arbitraryNonNull(node);
  return node.nullable === true ? fc.option(value, { freq: 5 }) : value;
}

function arbitraryNonNull(node: SchemaNode): fc.Arbitrary<unknown> {
  if (node.enum !== undefined) return fc.constantFrom(...node.enum);
  if (node['x-kubernetes-int-or-string'] === true) {
    return fc.constantFrom(1, 2, ...(node.pattern === undefined ? ['50%'] : wordsLike(node.pattern)));
  }
  switch (node.type) {
    case 'object':
      return arbitraryObject(node);
    case 'array':
      return arbitraryList(node);
    case 'integer':
      return fc.integer({ min: node.minimum ?? 0, max: Math.min(node.maximum ?? 3, (node.minimum ?? 0) + 3) });
    case 'number':
      return fc.constantFrom(0.5, 1, 2);
    case 'boolean':
      return fc.boolean();
    case 'string':
      return arbitraryText(node);
    default:
      // A null without a type stays in etcd and is not read from it, and what is written next hangs on that.
      return anything.filter((value) => value !== null);
  }
}

export function arbitraryObject(node: SchemaNode): fc.Arbitrary<JsonObject> {
  const { properties = {}, required = [], additionalProperties, minProperties = 0 } = node;
  const named = fc.record(
    Object.fromEntries(Object.entries(properties).map(([name, member]) => [name, arbitraryValue(member)])),
    { requiredKeys: required.filter((name) => Object.hasOwn(properties, name)) },
  );
  const others = isObject(additionalProperties) ? arbitraryValue(additionalProperties) : unknownMembers(node);
  const resource = node['x-kubernetes-embedded-resource'] === true ? embedded : fc.constant({});
  const free = others === undefined ? fc.constant({}) : fc.dictionary(fc.constantFrom('one', 'two'), others);
  const object: fc.Arbitrary<JsonObject> = fc.tuple(free, named, resource).map((parts) => Object.assign({}, ...parts));
  return minProperties === 0 ? object : object.filter((value) => Object.keys(value).length >= minProperties);
}

function unknownMembers(node: SchemaNode): fc.Arbitrary<unknown> | undefined {
  return node['x-kubernetes-preserve-unknown-fields'] === true ? anything : undefined;
}

function arbitraryList(node: SchemaNode): fc.Arbitrary<readonly unknown[]> {
  const items = node.items === undefined ? anything : arbitraryValue(node.items);
  const size = { minLength: node.minItems ?? 0, maxLength: Math.min(node.maxItems ?? 3, (node.minItems ?? 0) + 3) };
  // Two items of one key are an error of its own, tried elsewhere.
  const selector = selectorOf(node);
  return selector === undefined ? fc.array(items, size) : fc.uniqueArray(items, { ...size, selector });
}

function selectorOf(node: SchemaNode): ((item: unknown) => unknown) | undefined {
  const keys = node['x-kubernetes-list-map-keys'] ?? [];
  if (node['x-kubernetes-list-type'] === 'set') return (item) => JSON.stringify(item);
  if (node['x-kubernetes-list-type'] !== 'map') return undefined;
  return (item) =>
    JSON.stringify(keys.map((key) => (isObject(item) ? (item[key] ?? node.items?.properties?.[key]?.default) : null)));
}

function arbitraryText({ format, pattern, minLength = 0, maxLength = 100 }: SchemaNode): fc.Arbitrary<string> {
  if (format === 'date-time') return fc.constantFrom('2024-01-01T00:00:00Z', '2025-02-03T04:05:06Z');
  if (format === 'byte') return fc.constantFrom('YQ==', 'YWJj');
  const words = pattern === undefined ? ['', 'a', 'b', 'c-d'] : wordsLike(pattern);
  const padded = words.map((word) => (pattern === undefined && word !== '' ? word.padEnd(minLength, 'x') : word));
  const fitting = padded.filter(({ length }) => length >= minLength && length <= maxLength);
  return fc.constantFrom(...(fitting.length === 0 ? ['x'.repeat(minLength)] : fitting));
}

/** A few texts of that pattern, the same ones each time. */
function wordsLike(pattern: string): readonly string[] {
  return [...new Set(fc.sample(fc.stringMatching(new RegExp(pattern)), { seed: 1, numRuns: 6 }))].slice(0, 4);
}

const anything: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom('a', 1, true, null, {}, []),
  fc.constantFrom({ x: 1 }, { x: { y: 'a' } }, { z: [1] }, ['a', 'b']),
);

const embedded = fc.record({
  apiVersion: fc.constantFrom('v1', 'example.com/v1'),
  kind: fc.constantFrom('ConfigMap', 'Thing'),
  // Never empty: such metadata is null in etcd, and what is written next then hangs on that.
  metadata: fc.record(
    { name: fc.constantFrom('a', 'b'), labels: fc.constantFrom({ a: 'b' }, { c: 'd' }) },
    { requiredKeys: ['name'] },
  ),
});
