import { createHash } from 'node:crypto';

const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/u;
const LONGEST = 63;

/** The text itself where it may be a label's value (Kubernetes: at most 63 characters of a small alphabet), else a hash of it. */
export function labelValue(text: string): string {
  if (text.length <= LONGEST && LABEL_VALUE.test(text)) return text;
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
