import assert from 'node:assert/strict';
import test from 'node:test';
import { addressInRange, formatIpAddress, parseIpAddress } from './ip-address.ts';

const canonical = (text: string): string | undefined => {
  const bytes = parseIpAddress(text);
  return bytes === undefined ? undefined : formatIpAddress(bytes);
};

test('addresses are written in one canonical form', () => {
  assert.equal(canonical('10.96.0.1'), '10.96.0.1');
  assert.equal(canonical('FD00:0:0:0::A'), 'fd00::a');
  assert.equal(canonical('::'), '::');
  assert.equal(canonical('::1'), '::1');
  assert.equal(canonical('2001:db8::1:0:0:1'), '2001:db8::1:0:0:1');
  assert.equal(canonical('2001:db8:0:1:1:1:1:1'), '2001:db8:0:1:1:1:1:1');
  assert.equal(canonical('::ffff:10.0.0.1'), '::ffff:a00:1');
});

test('what is not an address is refused', () => {
  for (const text of [
    '',
    '10.0.0',
    '10.0.0.256',
    '10.0.0.01',
    'a.b.c.d',
    '1::2::3',
    ':1',
    '1:2:3:4:5:6:7',
    'fe80::1%eth0',
    '12345::',
  ]) {
    assert.equal(parseIpAddress(text), undefined, text);
  }
});

test('addresses of a range are counted from its network address', () => {
  assert.equal(addressInRange('10.96.0.0/16', 1), '10.96.0.1');
  assert.equal(addressInRange('10.96.7.3/16', 10), '10.96.0.10');
  assert.equal(addressInRange('fd00::/108', 10), 'fd00::a');
  assert.equal(addressInRange('10.0.0.248/29', 7), '10.0.0.255');
  assert.throws(() => addressInRange('10.0.0.0/30', 10), { code: 'AddressRangeInvalid' });
  assert.throws(() => addressInRange('10.96.0.0', 1), { code: 'AddressRangeInvalid' });
  assert.throws(() => addressInRange('10.96.0.0/33', 1), { code: 'AddressRangeInvalid' });
});
