/** One reason why an object is refused, as in a `metav1.Status` cause. */
export interface FieldProblem {
  /** Dotted path from the root of the object. */
  readonly field: string;
  readonly message: string;
  /** `FieldValueInvalid`, `FieldValueRequired`, ... */
  readonly reason: string;
}

// Messages are those of Kubernetes (apimachinery/pkg/util/validation/field).

export function invalidValue(field: string, value: unknown, detail: string): FieldProblem {
  return { field, reason: 'FieldValueInvalid', message: `Invalid value: ${quote(value)}: ${detail}` };
}

export function invalidType(field: string, value: unknown, detail: string): FieldProblem {
  return { field, reason: 'FieldValueTypeInvalid', message: `Invalid value: ${quote(value)}: ${detail}` };
}

export function requiredValue(field: string, detail = ''): FieldProblem {
  return { field, reason: 'FieldValueRequired', message: `Required value${detail === '' ? '' : `: ${detail}`}` };
}

export function unsupportedValue(field: string, value: unknown, supported: readonly unknown[]): FieldProblem {
  const values = supported.map((one) => JSON.stringify(typeof one === 'string' ? one : JSON.stringify(one)));
  const message = `Unsupported value: ${quote(value)}: supported values: ${values.join(', ')}`;
  return { field, reason: 'FieldValueNotSupported', message };
}

export function tooLong(field: string, longest: number): FieldProblem {
  const message = `Too long: may not be more than ${longest} byte${longest === 1 ? '' : 's'}`;
  return { field, reason: 'FieldValueTooLong', message };
}

export function tooMany(field: string, actual: number, most: number): FieldProblem {
  const message = `Too many: ${actual}: must have at most ${most} item${most === 1 ? '' : 's'}`;
  return { field, reason: 'FieldValueTooMany', message };
}

export function duplicateValue(field: string, value: unknown): FieldProblem {
  return { field, reason: 'FieldValueDuplicate', message: `Duplicate value: ${quote(value)}` };
}

export function forbiddenValue(field: string, detail: string): FieldProblem {
  return { field, reason: 'FieldValueForbidden', message: `Forbidden: ${detail}` };
}

function quote(value: unknown): string {
  return value === undefined ? '""' : JSON.stringify(value);
}
