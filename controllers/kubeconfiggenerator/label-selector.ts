/** Kubernetes: meta/v1 LabelSelector. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly Requirement[];
}

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

type Labels = Readonly<Record<string, string>>;

/** Whether an object with these labels is selected. */
export type Matches = (labels: Labels | undefined) => boolean;

/** A selector that means nothing. */
export class LabelSelectorError extends Error {
  override readonly name = 'LabelSelectorError';
  readonly code = 'LabelSelectorInvalid';
}

/**
 * Compiles a selector; an absent or empty one selects everything. Throws LabelSelectorError on what the API server's own
 * parser refuses (Kubernetes: apimachinery, `LabelSelectorAsSelector`), which its schema lets pass.
 */
export function compileLabelSelector(selector: LabelSelector | undefined): Matches {
  const tests = [
    ...Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => one({ key, operator: 'In', values: [value] })),
    ...(selector?.matchExpressions ?? []).map(one),
  ];
  return (labels = {}) => tests.every((test) => test(labels));
}

function one({ key, operator, values = [] }: Requirement): (labels: Labels) => boolean {
  if (!isLabelKey(key)) throw new LabelSelectorError(`'${key}' cannot be the key of a label`);
  const has = (labels: Labels): boolean => Object.hasOwn(labels, key);
  const hasOneOf = (labels: Labels): boolean => has(labels) && values.includes(labels[key] ?? '');
  switch (operator) {
    case 'In':
      requireValues(key, operator, values);
      return hasOneOf;
    case 'NotIn':
      requireValues(key, operator, values);
      return (labels) => !hasOneOf(labels);
    case 'Exists':
      refuseValues(key, operator, values);
      return has;
    case 'DoesNotExist':
      refuseValues(key, operator, values);
      return (labels) => !has(labels);
    default:
      throw new LabelSelectorError(
        `${key}: there is no operator '${operator}', only In, NotIn, Exists and DoesNotExist`,
      );
  }
}

function requireValues(key: string, operator: string, values: readonly string[]): void {
  if (values.length === 0) throw new LabelSelectorError(`${key}: ${operator} needs values`);
  const wrong = values.find((value) => !LABEL_VALUE.test(value));
  if (wrong !== undefined) throw new LabelSelectorError(`${key}: '${wrong}' cannot be the value of a label`);
}

function refuseValues(key: string, operator: string, values: readonly string[]): void {
  if (values.length > 0) throw new LabelSelectorError(`${key}: ${operator} takes no values`);
}

const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/u;
const NAME = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/u;
const PREFIX = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/u;

function isLabelKey(key: string): boolean {
  const slash = key.indexOf('/');
  if (slash === -1) return NAME.test(key);
  return PREFIX.test(key.slice(0, slash)) && NAME.test(key.slice(slash + 1));
}
