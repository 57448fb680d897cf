/** A resource quantity as an exact fraction, so that equal amounts compare equal whatever they are written in. */
interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/**
 * Whether two resource quantities are the same amount: `1000m` and `1`, `0.5Gi` and `512Mi`. Values that are no
 * quantities are never the same (Kubernetes: apimachinery/pkg/api/resource).
 */
export function sameQuantity(a: string | number, b: string | number): boolean {
  const left = parse(String(a));
  const right = parse(String(b));
  if (left === undefined || right === undefined) return false;
  return left.numerator * right.denominator === right.numerator * left.denominator;
}

const pattern = /^([+-]?)(\d*)(?:\.(\d*))?(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?\d{1,3})?$/;

const binaryExponents: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };
const decimalExponents: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};

function parse(text: string): Fraction | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = '', suffix = ''] = match;
  if (whole === '' && fraction === '') return undefined;
  const digits = BigInt(whole + fraction) * (sign === '-' ? -1n : 1n);
  const binary = binaryExponents[suffix];
  if (binary !== undefined) return scale(digits << BigInt(binary), -fraction.length);
  const exponent = decimalExponents[suffix] ?? Number(suffix.slice(1));
  return scale(digits, exponent - fraction.length);
}

function scale(digits: bigint, exponent: number): Fraction {
  return exponent >= 0
    ? { numerator: digits * 10n ** BigInt(exponent), denominator: 1n }
    : { numerator: digits, denominator: 10n ** BigInt(-exponent) };
}
