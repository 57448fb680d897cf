import { PkiError } from './errors.ts';

/**
 * The bytes of a textual IP address in network order: 4 for IPv4, 16 for IPv6 (RFC 4291 §2.2, including an embedded IPv4
 * tail), undefined for anything else. Zone identifiers and IPv4 octets with leading zeros are not addresses here.
 */
export function parseIpAddress(text: string): Uint8Array | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

/** Text of 4 or 16 address bytes; IPv6 in the canonical form of RFC 5952. */
export function formatIpAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  const { start, length } = longestZeroRun(groups);
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  return length < 2 ? hex(groups) : `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}

/**
 * The address `index` places after the network address of a CIDR: 1 for the `kubernetes` Service, 10 for cluster DNS
 * (Kubernetes: `GetIndexedIP`). Host bits of the CIDR are ignored. Throws PkiError `AddressRangeInvalid` when the text is
 * no CIDR or the range has no such address.
 */
export function addressInRange(cidr: string, index: number): string {
  const [text = '', prefixText = '', ...rest] = cidr.split('/');
  const bytes = parseIpAddress(text);
  const prefix = /^\d{1,3}$/.test(prefixText) ? Number(prefixText) : Number.NaN;
  if (bytes === undefined || rest.length > 0 || !(prefix <= bytes.length * 8)) {
    throw new PkiError('AddressRangeInvalid', `"${cidr}" is not an address range such as 10.96.0.0/16`);
  }
  const hostBits = BigInt(bytes.length * 8 - prefix);
  const size = 1n << hostBits;
  if (BigInt(index) >= size) {
    throw new PkiError(
      'AddressRangeInvalid',
      `the address range ${cidr} is too small: it has no address number ${index}`,
    );
  }
  const value = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const address = ((value >> hostBits) << hostBits) + BigInt(index);
  return formatIpAddress(
    Uint8Array.from(bytes, (_, i) => Number((address >> BigInt(8 * (bytes.length - 1 - i))) & 255n)),
  );
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.');
  const valid = parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
  return valid ? Uint8Array.from(parts, Number) : undefined;
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::').map(parseGroups);
  const [head, tail] = halves;
  if (head === undefined || halves.length > 2) return undefined;
  if (halves.length === 1) return head.length === 16 ? Uint8Array.from(head) : undefined;
  if (tail === undefined || head.length + tail.length > 14) return undefined;
  return Uint8Array.from([...head, ...Array.from({ length: 16 - head.length - tail.length }, () => 0), ...tail]);
}

function parseGroups(text: string): readonly number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [index, group] of groups.entries()) {
    const ipv4 = index === groups.length - 1 ? parseIpv4(group) : undefined;
    if (ipv4 !== undefined) {
      bytes.push(...ipv4);
    } else if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 255);
    } else {
      return undefined;
    }
  }
  return bytes;
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (const [index, group] of groups.entries()) {
    if (group !== 0) start = index + 1;
    else if (index + 1 - start > best.length) best = { start, length: index + 1 - start };
  }
  return best;
}
