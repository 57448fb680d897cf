import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { tenant } from '#controlplane/tenant-control-plane.fake.ts';
import type { TenantParts } from '#controlplane/tenant-control-plane.fake.ts';
import { coreDns, corefileChecksum } from './coredns.ts';
import type { CoreDnsExisting } from './coredns.ts';
import type { AddonObject } from './objects.ts';

const objects = (
  existing?: CoreDnsExisting,
  dnsServiceIPs: readonly string[] = ['10.96.0.10'],
  parts: TenantParts = {},
): readonly AddonObject[] =>
  coreDns({ tenantControlPlane: tenant(parts), dnsServiceIPs, ...(existing && { existing }) });

function only<K extends AddonObject['kind']>(list: readonly AddonObject[], kind: K): AddonObject & { kind: K } {
  const found = list.filter((object): object is AddonObject & { kind: K } => object.kind === kind);
  assert.equal(found.length, 1, kind);
  const [object] = found;
  assert.ok(object);
  return object;
}

suite('the Corefile', () => {
  const checksum = 'kamaji.clastix.io/checksum';
  const ours = only(objects(), 'ConfigMap');
  const corefile = ours.data['Corefile'] ?? '';
  const ourChecksum = ours.metadata.annotations?.[checksum] ?? '';

  test('is marked by its hash, so that a change by somebody is seen', () => {
    assert.equal(ourChecksum, corefileChecksum(corefile));
  });

  test('serves the tenant’s own domain', () => {
    const other = only(
      objects(undefined, undefined, { networkProfile: { clusterDomain: 'demo.example' } }),
      'ConfigMap',
    );
    assert.match(other.data['Corefile'] ?? '', /kubernetes demo\.example in-addr\.arpa/);
    assert.doesNotMatch(other.data['Corefile'] ?? '', /cluster\.local/);
  });

  const cases: readonly [because: string, existing: CoreDnsExisting, kept: boolean][] = [
    ['is ours where it is still the one we wrote', { corefile, checksum: ourChecksum }, false],
    ['follows a newer version of ours', { corefile: 'older', checksum: corefileChecksum('older') }, false],
    ['stays the user’s once he has edited it', { corefile: '.:53 { whoami }', checksum: ourChecksum }, true],
    ['stays as it was found where we never wrote one', { corefile: '.:53 { whoami }' }, true],
    ['is written anew where it was deleted', {}, false],
  ];
  for (const [because, existing, kept] of cases) {
    test(because, () => {
      const { data, metadata } = only(objects(existing), 'ConfigMap');
      assert.equal(data['Corefile'], kept ? existing.corefile : corefile);
      assert.equal(metadata.annotations?.[checksum], ourChecksum);
    });
  }

  test('of the user is still taken for his in the next pass', () => {
    const first = only(objects({ corefile: 'mine', checksum: ourChecksum }), 'ConfigMap');
    const next = objects({ corefile: 'mine', checksum: first.metadata.annotations?.[checksum] ?? '' });
    assert.equal(only(next, 'ConfigMap').data['Corefile'], 'mine');
  });
});

suite('the Service of the cluster DNS', () => {
  const cases: readonly [because: string, addresses: string[], expected: object][] = [
    ['has the one address that kubelets are told', ['10.96.0.53'], { clusterIP: '10.96.0.53' }],
    [
      'has one of each family, the first one first',
      ['fd00:96::a', '10.96.0.10'],
      {
        clusterIP: 'fd00:96::a',
        clusterIPs: ['fd00:96::a', '10.96.0.10'],
        ipFamilies: ['IPv6', 'IPv4'],
        ipFamilyPolicy: 'PreferDualStack',
      },
    ],
    ['cannot have two of one family', ['10.96.0.10', '10.96.0.11'], { clusterIP: '10.96.0.10' }],
  ];
  for (const [because, addresses, expected] of cases) {
    test(because, () => {
      const { selector: _, ports: __, ...addressed } = only(objects(undefined, addresses), 'Service').spec;
      assert.deepEqual(addressed, expected);
    });
  }
});

suite('replicas of CoreDNS', () => {
  test('are two', () => assert.equal(only(objects(), 'Deployment').spec.replicas, 2));
  test('are as many as somebody set', () => {
    assert.equal(only(objects({ replicas: 5 }), 'Deployment').spec.replicas, 5);
  });
});

test('every object of CoreDNS carries the label by which we know our own', () => {
  for (const { kind, metadata } of objects()) {
    assert.equal(metadata.labels['kamaji.clastix.io/project'], 'kamaji', kind);
  }
});
