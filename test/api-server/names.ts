import type { ServedKind } from './served-kind.ts';
import type { FieldError } from './status.ts';

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const rules = {
  subdomain: {
    pattern: new RegExp(`^${label}(\\.${label})*$`),
    longest: 253,
    says:
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start " +
      "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
      `'${label}(\\.${label})*')`,
  },
  label: {
    pattern: new RegExp(`^${label}$`),
    longest: 63,
    says:
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end " +
      `with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${label}')`,
  },
  'label-1035': {
    pattern: /^[a-z]([-a-z0-9]*[a-z0-9])?$/,
    longest: 63,
    says:
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, " +
      "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is " +
      "'[a-z]([-a-z0-9]*[a-z0-9])?')",
  },
  path: { pattern: /^[^%]+$/, longest: Infinity, says: "may not contain '%'" },
} as const;

/** What is wrong with the name of an object of that kind (Kubernetes: names and IDs); empty when nothing is. */
export function nameErrors(kind: ServedKind, name: string, field = 'metadata.name'): readonly FieldError[] {
  const { pattern, longest, says } = rules[kind.nameRule];
  const problems = [
    ...(name.length > longest ? [`must be no more than ${longest} characters`] : []),
    ...(pattern.test(name) ? [] : [says]),
  ];
  return problems.map((problem) => ({
    field,
    reason: 'FieldValueInvalid',
    message: `Invalid value: ${JSON.stringify(name)}: ${problem}`,
  }));
}

const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** A name of that prefix, as the server makes it for `generateName`. */
export function generatedName(prefix: string, random: () => number): string {
  const suffix = Array.from({ length: 5 }, () => alphabet[Math.floor(random() * alphabet.length)]).join('');
  return `${prefix.slice(0, 58)}${suffix}`;
}

/** A random UUID (RFC 9562, version 4) from the given source. */
export function uuid(random: () => number): string {
  const bytes = Uint8Array.from({ length: 16 }, () => Math.floor(random() * 256));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
