import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Registry } from 'prom-client';
import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { labels } from '#api/labels.ts';
import { issueKubeconfig } from '#bootstrap/kubeconfig.ts';
import { createAuthority, issue } from '#pki/authority.ts';
import { KUBECONFIG_CERTIFICATES } from '#pki/control-plane.ts';
import { UsageBook } from '#datastore/usage-book.ts';
import type { Cache, Informer } from '#runtime/cache/informer.ts';
import type { Secret } from '#runtime/client/builtin.ts';
import type { KubeObject, Resource } from '#runtime/client/resource.ts';
import { FakeClock } from '#runtime/clock.fake.ts';
import { registerSampledGauge } from '#runtime/telemetry/sampled-gauge.ts';
import { kamajiGauges } from './index.ts';

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 10, 22);

/** A cache that always holds this. */
function cacheOf(objects: Readonly<Record<string, readonly KubeObject[]>>): Cache {
  const informer = (
    { plural }: Resource,
    options: { readonly labelSelector?: string } = {},
  ): Partial<Informer<KubeObject>> => ({
    list: () => objects[options.labelSelector === labels.managedBy ? 'generated' : plural] ?? [],
  });
  return { informer } as unknown as Cache;
}

async function scrape(
  objects: Readonly<Record<string, readonly KubeObject[]>>,
  {
    clock = new FakeClock(NOW),
    shows = () => true,
    usage = new UsageBook(),
  }: { clock?: FakeClock; shows?: () => boolean; usage?: UsageBook } = {},
): Promise<ReadonlyMap<string, number>> {
  const registry = new Registry();
  const cache = cacheOf(objects);
  const gauges = kamajiGauges({ cache, clock, renewBeforeMs: 30 * DAY_MS, version: '1.2.3', usage, shows });
  for (const gauge of gauges) registerSampledGauge(registry, gauge);
  const lines = (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

function assertSeries(series: ReadonlyMap<string, number>, expected: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(expected)) {
    assert.equal(series.get(name), value, `${name} among ${[...series.keys()].join('\n')}`);
  }
}

function tenant(name: string, parts: Partial<TenantControlPlane> = {}): TenantControlPlane {
  return {
    apiVersion: 'kamaji.clastix.io/v1alpha1',
    kind: 'TenantControlPlane',
    metadata: { namespace: 'a', name },
    spec: {
      controlPlane: { service: { serviceType: 'ClusterIP' } },
      kubernetes: { version: 'v1.35.4', kubelet: {} },
    },
    ...parts,
  };
}

const ready = tenant('ready', {
  status: {
    controlPlaneEndpoint: '203.0.113.10:6443',
    storage: { driver: 'etcd' },
    kubernetesResources: { version: { version: 'v1.35.4', status: 'Ready' } },
  },
});
const asleep = tenant('asleep', {
  spec: { ...ready.spec, controlPlane: { ...ready.spec.controlPlane, gateway: { hostname: 'a.example.com' } } },
  status: { kubernetesResources: { version: { status: 'Sleeping' } } },
});

suite('metrics under upstream’s names', () => {
  test('control planes: what they are and how they are, one series each', async () => {
    const series = await scrape({ tenantcontrolplanes: [ready, asleep, tenant('new')] });
    assertSeries(series, {
      'kamaji_tenant_control_plane_info{tcp_namespace="a",tcp_name="ready",kubernetes_version="v1.35.4",datastore_driver="etcd",address="https://203.0.113.10:6443",exposure_strategy="service"}': 1,
      'kamaji_tenant_control_plane_info{tcp_namespace="a",tcp_name="asleep",kubernetes_version="unknown",datastore_driver="unknown",address="",exposure_strategy="gateway"}': 1,
      'kamaji_tenant_control_plane_status{tcp_namespace="a",tcp_name="ready",status="Ready",ready="true"}': 1,
      'kamaji_tenant_control_plane_status{tcp_namespace="a",tcp_name="asleep",status="Sleeping",ready="false"}': 1,
      'kamaji_tenant_control_plane_status{tcp_namespace="a",tcp_name="new",status="Unknown",ready="false"}': 1,
      'kamaji_tenant_control_planes_current{ready="true"}': 1,
      'kamaji_tenant_control_planes_current{ready="false"}': 2,
    });
    const count = (name: string): number => [...series.keys()].filter((one) => one.startsWith(`${name}{`)).length;
    assert.equal(count('kamaji_tenant_control_plane_info'), 3);
    assert.equal(count('kamaji_tenant_control_plane_status'), 3);
  });

  test('DataStores', async () => {
    const store: DataStore = {
      apiVersion: 'kamaji.clastix.io/v1alpha1',
      kind: 'DataStore',
      metadata: { name: 'default' },
      spec: { driver: 'etcd', endpoints: ['127.0.0.1:2379'] },
      status: {
        ready: true,
        conditions: [
          {
            type: 'kamaji.clastix.io/DataStoreValidation',
            status: 'True',
            lastTransitionTime: '2026-11-22T10:00:00Z',
            reason: 'DataStoreValid',
            message: '',
          },
        ],
      },
    };
    const { status: _, ...unseen } = { ...store, metadata: { name: 'unseen' } };
    assertSeries(await scrape({ datastores: [store, unseen] }), {
      'kamaji_datastore_info{datastore_name="default",driver="etcd"}': 1,
      'kamaji_datastore_status{datastore_name="default",status="True",ready="true"}': 1,
      'kamaji_datastore_status{datastore_name="unseen",status="Unknown",ready="false"}': 1,
      'kamaji_datastores_current{datastore_name="default",ready="true",driver="etcd"}': 1,
      'kamaji_datastores_current{datastore_name="default",ready="false",driver="etcd"}': 0,
      'kamaji_datastores_current{datastore_name="unseen",ready="false",driver="etcd"}': 1,
    });
  });

  test('certificates: how many are valid, due and unreadable, and when the first of them ends', async () => {
    const now = new Date(NOW);
    const authority = await createAuthority({ commonName: 'kubernetes', now });
    const certificate = KUBECONFIG_CERTIFICATES.admin;
    const pair = await issue({ ...certificate, authority, now });
    const request = { server: 'https://a:6443', clusterName: 'ready', authority, certificate };
    const kubeconfig = await issueKubeconfig(request, { now: new Date(NOW - 350 * DAY_MS) });
    const secret = (name: string, more: Record<string, string>, data: Record<string, string>): Secret => ({
      metadata: { namespace: 'a', name, labels: { [labels.name]: 'ready', ...more } },
      data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')])),
    });
    const x509 = { [labels.certificateLifecycle]: 'x509' };
    const asKubeconfig = { [labels.certificateLifecycle]: 'kubeconfig' };
    const { metadata, ...generated } = secret('ready-gen', asKubeconfig, { value: kubeconfig });
    const own = { [labels.managedBy]: 'gen', [labels.managedFor]: 'ready', ...asKubeconfig };
    const objects = {
      tenantcontrolplanes: [ready],
      secrets: [
        secret('ready-cert', x509, { 'tls.crt': pair.certificatePem, 'tls.key': pair.privateKeyPem }),
        secret('ready-broken', x509, { 'tls.crt': 'not a certificate' }),
        secret('ready-admin-kubeconfig', asKubeconfig, { 'admin.conf': kubeconfig }),
        secret('ready-ca', {}, { 'ca.crt': authority.certificatePem, 'ca.key': authority.privateKeyPem }),
        secret('ready-datastore-config', {}, { DB_USER: 'x' }),
      ],
      generated: [{ ...generated, metadata: { ...metadata, labels: own } }],
    };
    const of = 'tcp_namespace="a",tcp_name="ready"';
    assertSeries(await scrape(objects), {
      [`kamaji_certificates_current{${of},status="valid",strategy="x509"}`]: 1,
      [`kamaji_certificates_current{${of},status="expiring",strategy="x509"}`]: 0,
      [`kamaji_certificates_current{${of},status="invalid",strategy="x509"}`]: 1,
      [`kamaji_certificates_current{${of},status="valid",strategy="kubeconfig"}`]: 0,
      [`kamaji_certificates_current{${of},status="expiring",strategy="kubeconfig"}`]: 2,
      [`kamaji_certificates_earliest_expiration_timestamp_seconds{${of},strategy="x509"}`]: (NOW + 365 * DAY_MS) / 1000,
      [`kamaji_certificates_earliest_expiration_timestamp_seconds{${of},strategy="kubeconfig"}`]:
        (NOW + 15 * DAY_MS) / 1000,
      [`kamaji_certificates_earliest_expiration_timestamp_seconds{${of},strategy="ca"}`]: (NOW + 3650 * DAY_MS) / 1000,
    });

    const clock = new FakeClock(NOW);
    clock.jumpWallClock(340 * DAY_MS);
    assertSeries(await scrape(objects, { clock }), {
      [`kamaji_certificates_current{${of},status="expiring",strategy="x509"}`]: 1,
    });
  });

  test('usage: keys and bytes of each tenant on each of its DataStores', async () => {
    const usage = new UsageBook();
    usage.record('default', 'a/ready', { keys: 300, bytes: 4096, at: 0 });
    assertSeries(await scrape({}, { usage }), {
      'kamaji_datastore_tenant_keys{datastore_name="default",tcp_namespace="a",tcp_name="ready"}': 300,
      'kamaji_datastore_tenant_bytes{datastore_name="default",tcp_namespace="a",tcp_name="ready"}': 4096,
    });
  });

  test('a replica that does not lead shows what it is, and nothing of the cluster, which would be counted twice', async () => {
    const series = await scrape({ tenantcontrolplanes: [ready] }, { shows: () => false });
    assert.deepEqual([...series], [['kamaji_build_info{version="1.2.3",commit="",dirty="",repo="",build_time=""}', 1]]);
  });
});
