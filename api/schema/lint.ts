import type { JsonSchema } from './json-schema.ts';

/**
 * What the compiler cannot see: a missing description, a list-map key that an item may lack, a rule whose cost has no
 * bound or whose message is no sentence. Returns one line per flaw, each with the path of the node.
 */
export function lint(schema: JsonSchema, path = ''): readonly string[] {
  return [
    ...describedFlaws(schema, path),
    ...listFlaws(schema, path),
    ...ruleFlaws(schema, path),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, child]) => lint(child, `${path}.${name}`)),
    ...(schema.items ? lint(schema.items, `${path}[]`) : []),
    ...(schema.additionalProperties ? lint(schema.additionalProperties, `${path}{}`) : []),
  ];
}

function describedFlaws({ description }: JsonSchema, path: string): readonly string[] {
  if (path === '.metadata' || path.endsWith('[]') || path.endsWith('{}')) return [];
  return /^\S.*\.$/s.test(description ?? '') ? [] : [`${path}: description is not a sentence`];
}

function listFlaws(schema: JsonSchema, path: string): readonly string[] {
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  return keys
    .filter((key) => {
      const property = schema.items?.properties?.[key];
      return !schema.items?.required?.includes(key) && property?.default === undefined;
    })
    .map((key) => `${path}: list-map key "${key}" is neither required nor defaulted`);
}

/** The CEL macros that visit every element. */
const iterates = /\bself\.(?:all|exists|exists_one|map|filter)\(/;

function ruleFlaws(schema: JsonSchema, path: string): readonly string[] {
  return (schema['x-kubernetes-validations'] ?? []).flatMap(({ rule, message, messageExpression }) => [
    ...(/^\S[^\n]*[^\s.]$/.test(message ?? messageExpression ?? '')
      ? []
      : [`${path}: rule "${rule}" has no one-line message without a full stop`]),
    ...(schema.type === 'string' && schema.maxLength === undefined && !rule.includes('oldSelf')
      ? [`${path}: rule "${rule}" on a string without maxLength`]
      : []),
    ...(schema.type === 'array' && iterates.test(rule) && schema.maxItems === undefined
      ? [`${path}: rule "${rule}" walks a list without maxItems`]
      : []),
  ]);
}
