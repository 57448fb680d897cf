import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { addressAt, contains, NetworkError, networksOf } from './networks.ts';
import type { Networks } from './networks.ts';
import { tenant } from './tenant-control-plane.fake.ts';

suite('networks of a tenant', () => {
  const cases: readonly {
    because: string;
    profile: TenantControlPlane['spec']['networkProfile'];
    expected: Partial<Networks>;
  }[] = [
    {
      because: 'an object that never met the API server has the same defaults',
      profile: undefined,
      expected: {
        serviceCidrs: ['10.96.0.0/16'],
        podCidrs: ['10.244.0.0/16'],
        dnsServiceIPs: ['10.96.0.10'],
        apiServiceIP: '10.96.0.1',
      },
    },
    {
      because: 'the plural list wins over the deprecated singular',
      profile: { serviceCidr: '10.96.0.0/16', serviceCidrs: ['172.20.0.0/16'] },
      expected: { serviceCidrs: ['172.20.0.0/16'], dnsServiceIPs: ['172.20.0.10'] },
    },
    {
      because: 'the user says which family is the primary one, so the order is kept',
      profile: { serviceCidrs: ['fd00:96::/108', '10.96.0.0/16'], podCidrs: ['fd00:244::/56', '10.244.0.0/16'] },
      expected: {
        serviceCidrs: ['fd00:96::/108', '10.96.0.0/16'],
        podCidrs: ['fd00:244::/56', '10.244.0.0/16'],
        dnsServiceIPs: ['fd00:96::a', '10.96.0.10'],
        apiServiceIP: 'fd00:96::1',
      },
    },
    {
      because: 'a network written twice is one network',
      profile: { podCidrs: ['10.1.0.0/16', '10.1.0.0/16'] },
      expected: { podCidrs: ['10.1.0.0/16'] },
    },
    {
      because: 'an empty pod network means that somebody else hands out addresses',
      profile: { podCidr: '' },
      expected: { podCidrs: [] },
    },
    {
      because: 'the DNS addresses of the user are kept as they are',
      profile: { dnsServiceIPs: ['10.96.0.53'] },
      expected: { dnsServiceIPs: ['10.96.0.53'] },
    },
    {
      because: 'addresses count from the network, not from the address that was written',
      profile: { serviceCidr: '10.96.0.250/16' },
      expected: { dnsServiceIPs: ['10.96.0.10'] },
    },
  ];
  for (const { because, profile, expected } of cases) {
    test(because, () => {
      const networks = networksOf(tenant(profile && { networkProfile: profile }));
      assert.deepEqual({ ...networks, ...expected }, networks);
    });
  }

  test('a network without a tenth address is refused in words', () => {
    assert.throws(
      () => networksOf(tenant({ networkProfile: { serviceCidr: '10.96.0.0/30' } })),
      (error) =>
        error instanceof NetworkError && error.code === 'NetworkTooSmall' && error.message.includes('10.96.0.0/30'),
    );
  });

  test('what is no network is refused in words', () => {
    assert.throws(
      () => networksOf(tenant({ networkProfile: { serviceCidr: 'ten' } })),
      (error) => error instanceof NetworkError && error.code === 'NetworkInvalid' && error.cause !== undefined,
    );
  });
});

suite('the n-th address of a network', () => {
  const cases: readonly [because: string, cidr: string, n: number, expected: string][] = [
    ['counting goes on over the end of a byte', '10.0.0.248/22', 300, '10.0.1.44'],
    ['IPv6 counts in hexadecimal', 'fd00::/108', 10, 'fd00::a'],
    ['the last address of a network is one of it', '10.0.0.0/28', 15, '10.0.0.15'],
  ];
  for (const [because, cidr, n, expected] of cases) test(because, () => assert.equal(addressAt(cidr, n), expected));
});

suite('whether a network contains an address', () => {
  const cases: readonly [because: string, cidr: string, address: string, expected: boolean][] = [
    ['everything of the family is in the largest network', '0.0.0.0/0', '192.0.2.1', true],
    ['the other family is not', '0.0.0.0/0', '2001:db8::1', false],
    ['a name is in no network', '0.0.0.0/0', 'example.org', false],
    ['outside is outside', '10.0.0.0/8', '192.0.2.1', false],
  ];
  for (const [because, cidr, address, expected] of cases) {
    test(because, () => assert.equal(contains(cidr, address), expected));
  }
});
