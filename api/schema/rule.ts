import type { ValidationRule } from './json-schema.ts';

/**
 * A CEL rule. The message names the field, says what is wrong and what to do; parts in braces are CEL expressions of type
 * string whose values are quoted in it, as in `"port {string(self)} is taken"`.
 */
export function rule(cel: string, message: string): ValidationRule {
  const parts = message.split(/\{([^}]*)\}/);
  if (parts.length === 1) return { rule: cel, message };
  const expressions = parts.map((part, index) => (index % 2 === 0 ? JSON.stringify(part) : part));
  return { rule: cel, messageExpression: expressions.join(' + ') };
}

/** The value of `field` never changes once it is set. */
export function immutable(field: string): ValidationRule {
  return rule('self == oldSelf', `${field} cannot be changed: create a new object to have another value`);
}
