import type { ValidationRule } from './json-schema.ts';

export type RuleOptions = Pick<ValidationRule, 'optionalOldSelf' | 'fieldPath'>;

/**
 * A CEL rule. The message names the field, says what is wrong and what to do; parts in braces are CEL expressions of type
 * string whose values are quoted in it, as in `"port {string(self)} is taken"`.
 */
export function rule(cel: string, message: string, options: RuleOptions = {}): ValidationRule {
  const parts = message.split(/\{([^}]*)\}/);
  if (parts.length === 1) return { rule: cel, message, ...options };
  const expressions = parts.map((part, index) => (index % 2 === 0 ? JSON.stringify(part) : part));
  return { rule: cel, messageExpression: expressions.join(' + '), ...options };
}

/** An object that has `field` keeps it. For the object that `field` is a property of. */
export function cannotUnset(field: string): ValidationRule {
  return rule(`!has(oldSelf.${field}) || has(self.${field})`, `${field} cannot be removed once it is set: put it back`);
}

/**
 * A rule for new objects only: about what never changes, so that an object from before the rule can still be edited, and
 * lose its finalizers.
 */
export function atCreation(cel: string, message: string, options: RuleOptions = {}): ValidationRule {
  return rule(`oldSelf.hasValue() || (${cel})`, message, { ...options, optionalOldSelf: true });
}

/**
 * A rule that leaves alone what an object has had since before the rule: it counts at creation and when one of `values`
 * changes. Those are CEL expressions about a node, which they call `$`.
 */
export function whenChanged(values: readonly string[], cel: string, message: string): ValidationRule {
  const same = values.map((value) => `${about(value, 'oldSelf.value()')} == ${about(value, 'self')}`).join(' && ');
  return rule(`(oldSelf.hasValue() && ${same}) || (${cel})`, message, { optionalOldSelf: true });
}

/** The expression with `$` replaced by the node that it is about. */
export function about(expression: string, node: string): string {
  return expression.replaceAll('$', () => node);
}

/** The value of `field` never changes once it is set. */
export function immutable(field: string): ValidationRule {
  return rule('self == oldSelf', `${field} cannot be changed: create a new object to have another value`);
}

/**
 * A CEL expression: the decimal digits of an integer from 0 to 99999. Of `string(integer)` the API server does not know that
 * it is short, and refuses the message for what it might cost.
 */
export function decimal(integer: string): string {
  const digits = [10_000, 1_000, 100, 10, 1].map((power) => {
    const digit = `'0123456789'.substring(${integer} / ${power} % 10, ${integer} / ${power} % 10 + 1)`;
    return power === 1 ? digit : `(${integer} >= ${power} ? ${digit} : '')`;
  });
  return digits.join(' + ');
}

/** A CEL expression: whether the property is there, every object on the way to it included. */
export function present(root: string, path: string): string {
  const names = path.split('.');
  return names.map((_, index) => `has(${[root, ...names.slice(0, index + 1)].join('.')})`).join(' && ');
}
