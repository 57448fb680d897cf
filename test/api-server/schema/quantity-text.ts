/**
 * A resource quantity as the API server writes it back: the largest suffix that leaves no fraction, `0.5` as `500m`,
 * `1024Mi` as `1Gi` (Kubernetes: apimachinery/pkg/api/resource). What is no quantity is answered as it is.
 */
export function canonicalQuantity(value: unknown): unknown {
  if (typeof value !== 'string' && typeof value !== 'number') return value;
  const match = pattern.exec(String(value).trim());
  if (match === null) return value;
  const [, sign = '', whole = '', fraction = '', suffix = ''] = match;
  if (whole === '' && fraction === '') return value;
  const digits = BigInt(whole + fraction) * (sign === '-' ? -1n : 1n);
  const binary = binarySuffixes.indexOf(suffix);
  if (binary > 0) return binaryText(digits * 1024n ** BigInt(binary), fraction.length);
  const exponent = suffix in decimalExponents ? decimalExponents[suffix] : Number(suffix.slice(1));
  const isScientific = /^[eE]/.test(suffix) && suffix !== 'E';
  return decimalText(digits, (exponent ?? 0) - fraction.length, isScientific);
}

const pattern = /^([+-]?)(\d*)(?:\.(\d*))?(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?\d{1,3})?$/;
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
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

/** `bytes` is the amount times 10 to the power of `decimals`. */
function binaryText(bytes: bigint, decimals: number): string {
  const unit = 10n ** BigInt(decimals);
  const magnitude = bytes < 0n ? -bytes : bytes;
  if (magnitude < 1024n * unit || bytes % unit !== 0n) return decimalText(bytes, -decimals, false);
  let amount = bytes / unit;
  let index = 0;
  while (amount % 1024n === 0n && index < binarySuffixes.length - 1) {
    amount /= 1024n;
    index++;
  }
  return `${amount}${binarySuffixes[index]}`;
}

function decimalText(digits: bigint, exponent: number, isScientific: boolean): string {
  if (digits === 0n) return '0';
  let mantissa = digits;
  let power = exponent;
  while (mantissa % 10n === 0n) {
    mantissa /= 10n;
    power++;
  }
  // Nothing is finer than a billionth; what is, is rounded away from zero.
  for (; power < -9; power++) mantissa = mantissa / 10n + (mantissa % 10n === 0n ? 0n : mantissa > 0n ? 1n : -1n);
  for (; power % 3 !== 0; power--) mantissa *= 10n;
  if (isScientific) return power === 0 ? String(mantissa) : `${mantissa}e${power}`;
  const [suffix = `e${power}`] = Object.entries(decimalExponents).find(([, value]) => value === power) ?? [];
  return `${mantissa}${suffix}`;
}
