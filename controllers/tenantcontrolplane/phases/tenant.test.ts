import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { addonVersions } from '#addons/versions.ts';
import { formatKubeconfig } from '#bootstrap/kubeconfig.ts';
import { address, tenant } from '#controlplane/tenant-control-plane.fake.ts';
import type { Client } from '#runtime/client/client.ts';
import { NetworkError } from '#runtime/client/errors.ts';
import type { OwnedObjects } from '#tenant/owned-objects.ts';
import type { CoreDnsNotes } from './core-dns-notes.ts';
import type { TenantSideInput } from './tenant.ts';
import { reconcileTenantSide } from './tenant.ts';

suite('what is said when nothing can be brought into a tenant', () => {
  test('its API server does not answer', async () => {
    const failure = new NetworkError('TIMEOUT', 'no connection in 3 s');
    const { bootstrap, addons, error } = await reconcileTenantSide(input({ failure }));
    for (const { status, reason, message } of [bootstrap, addons]) {
      assert.deepEqual([status, reason], ['False', 'TenantUnreachable']);
      assert.match(message, /the tenant's API server does not answer: .*no connection in 3 s/u);
    }
    assert.equal(error, failure, 'it is tried again');
  });

  test('its Service has no address yet', async () => {
    const { bootstrap, addons } = await reconcileTenantSide(input({ clusterIP: '' }));
    assert.deepEqual([bootstrap.reason, addons.reason], ['TenantUnreachable', 'TenantUnreachable']);
    assert.match(bootstrap.message, /Service has no cluster IP/u);
  });

  test('an adopted object has a version that is none', async () => {
    const { bootstrap, addons, error } = await reconcileTenantSide(input({ version: 'v1.35' }));
    for (const { status, reason, message } of [bootstrap, addons]) {
      assert.deepEqual([status, reason], ['False', 'VersionUnsupported']);
      assert.match(message, /"v1\.35" is not a version such as v1\.35\.4/u);
    }
    assert.equal(error, undefined, 'trying again does not help');
  });
});

interface Parts {
  readonly version?: string;
  readonly clusterIP?: string;
  readonly failure?: Error;
}

function input({ version = 'v1.35.4', clusterIP = '192.0.2.1', failure }: Parts): TenantSideInput {
  const pem = 'pem';
  return {
    tenantControlPlane: tenant({ kubernetes: { version } }),
    endpoint: {
      address,
      service: { spec: { clusterIP, ports: [{ name: 'kube-apiserver', port: 6443 }] } },
    },
    konnectivity: true,
    isUnchanged: false,
    addonVersions: { versions: addonVersions(version) },
    adminKubeconfig: formatKubeconfig({
      server: 'https://demo:6443',
      clusterName: 'demo',
      userName: 'admin',
      caCertificatesPem: pem,
      clientCertificatePem: pem,
      clientKeyPem: pem,
    }),
    caCertificatesPem: pem,
    pool: { client: () => idle, forget: unused, close: unused },
    ownedObjects: planningOnly(failure),
    signal: new AbortController().signal,
  };
}

/** Asks for the plan, as for a tenant in which nothing is yet, and carries nothing out. */
function planningOnly(failure: Error | undefined): OwnedObjects<CoreDnsNotes> {
  return {
    async ensure(_id, _client, plan) {
      if (failure !== undefined) throw failure;
      await plan({ versionOf: () => undefined, notes: undefined });
      return { applied: 0, pruned: 0, failures: [] };
    },
    forget: unused,
  };
}

const idle: Client = {
  get: unused,
  list: unused,
  create: unused,
  replace: unused,
  apply: unused,
  mergePatch: unused,
  delete: unused,
  getRaw: unused,
};

function unused(): never {
  throw new Error('not used here');
}
