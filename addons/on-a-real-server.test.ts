import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import { parse, parseAllDocuments } from 'yaml';
import { tenant } from '#controlplane/tenant-control-plane.fake.ts';
import type * as builtin from '#runtime/client/builtin.ts';
import { testBinaries } from '#test/binaries.ts';
import { type ControlPlane, startControlPlane } from '#test/control-plane.ts';
import { coreDns } from './coredns.ts';
import { konnectivityAgent } from './konnectivity-agent.ts';
import { kubeProxy } from './kube-proxy.ts';
import { kubernetesEndpoints } from './kubernetes-endpoints.ts';
import type * as addon from './objects.ts';

const tenantControlPlane = tenant();
const addons: Readonly<Record<string, readonly addon.AddonObject[]>> = {
  CoreDNS: coreDns({ tenantControlPlane, dnsServiceIPs: ['10.96.0.10'] }),
  'kube-proxy': kubeProxy({
    tenantControlPlane,
    controlPlaneEndpoint: '192.0.2.10:6443',
    podCidrs: ['10.244.0.0/16'],
  }),
  'the konnectivity agent': konnectivityAgent({
    tenantControlPlane,
    server: { host: '192.0.2.10', port: 8132 },
    apiServer: { host: '192.0.2.10', port: 6443 },
  }),
  'the konnectivity agent as a Deployment': konnectivityAgent({
    tenantControlPlane: tenant({ addons: { konnectivity: { agent: { mode: 'Deployment' } } } }),
    server: { host: '192.0.2.10', port: 8132 },
    apiServer: { host: '192.0.2.10', port: 6443 },
  }),
  'the endpoints of default/kubernetes': kubernetesEndpoints({ address: '192.0.2.10', port: 6443 }),
};

suite('addons on a real API server', () => {
  let cluster: ControlPlane;
  before(async () => {
    cluster = await startControlPlane({ extraArgs: ['--service-cluster-ip-range=10.96.0.0/16,fd00:96::/108'] });
  });
  after(() => cluster.stop());

  const apply = async (objects: readonly object[]): Promise<string> =>
    cluster.kubectl(
      ['apply', '--server-side', '--force-conflicts', '--field-manager=kamaji', '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
    );
  const read = async (object: Identified): Promise<unknown> => {
    const { name, namespace } = object.metadata;
    const where = namespace === undefined ? [] : ['-n', namespace];
    return JSON.parse(await cluster.kubectl([...where, 'get', object.kind, name, '-o', 'json']));
  };

  for (const [name, objects] of Object.entries(addons)) {
    test(`${name}: every object is taken, and taken again without any change`, async () => {
      await apply(objects);
      const first = await Promise.all(objects.map(read));
      await apply(objects);
      assert.deepEqual(await Promise.all(objects.map(read)), first);
    });
  }

  test('the DNS Service gets an address of each family', async () => {
    await cluster.kubectl(['-n', 'kube-system', 'delete', 'service', 'kube-dns', '--ignore-not-found']);
    const dual = coreDns({ tenantControlPlane, dnsServiceIPs: ['10.96.0.10', 'fd00:96::a'] });
    await apply(dual);
    const ips = await cluster.kubectl([
      '-n',
      'kube-system',
      'get',
      'service',
      'kube-dns',
      '-o',
      'jsonpath={.spec.clusterIPs}',
    ]);
    assert.deepEqual(JSON.parse(ips), ['10.96.0.10', 'fd00:96::a']);
    await cluster.kubectl(['-n', 'kube-system', 'delete', 'service', 'kube-dns']);
  });

  for (const phase of ['coredns', 'kube-proxy'] as const) {
    test(`${phase} is what kubeadm of this version installs`, async () => {
      const ours = addons[phase === 'coredns' ? 'CoreDNS' : phase] ?? [];
      const theirs = await kubeadmAddon(phase, cluster.directory);
      assert.deepEqual(theirs.map(identity).toSorted(), ours.map(identity).toSorted());
      // Stored by the same server, so that defaults are the same.
      await apply(ours);
      const stored = await Promise.all(theirs.map(read));
      for (const object of theirs) {
        const { name, namespace } = object.metadata;
        await cluster.kubectl(['delete', object.kind, name, ...(namespace === undefined ? [] : ['-n', namespace])]);
      }
      await apply(theirs);
      const expected = await Promise.all(theirs.map(read));
      assert.deepEqual(stored.map(comparable), expected.map(comparable));
    });
  }
});

// What is rendered must be what the client takes.
export const typed: {
  [K in addon.AddonObject['kind'] & keyof Builtin]: (object: Extract<addon.AddonObject, { kind: K }>) => Builtin[K];
} = {
  ServiceAccount: (object) => object,
  ConfigMap: (object) => object,
  Service: (object) => object,
  Deployment: (object) => object,
  DaemonSet: (object) => object,
  EndpointSlice: (object) => object,
};

interface Builtin {
  ServiceAccount: builtin.ServiceAccount;
  ConfigMap: builtin.ConfigMap;
  Service: builtin.Service;
  Deployment: builtin.Deployment;
  DaemonSet: builtin.DaemonSet;
  EndpointSlice: builtin.EndpointSlice;
}

interface Identified {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

function identity({ kind, metadata }: Identified): string {
  return `${kind}/${metadata.namespace ?? ''}/${metadata.name}`;
}

async function kubeadmAddon(phase: string, directory: string): Promise<readonly Identified[]> {
  const { kubeadm } = await testBinaries(['kubeadm'], new AbortController().signal);
  const config = join(directory, 'kubeadm.yaml');
  await writeFile(
    config,
    [
      {
        apiVersion: 'kubeadm.k8s.io/v1beta4',
        kind: 'InitConfiguration',
        localAPIEndpoint: { advertiseAddress: '192.0.2.10' },
      },
      {
        apiVersion: 'kubeadm.k8s.io/v1beta4',
        kind: 'ClusterConfiguration',
        kubernetesVersion: 'v1.35.4',
        controlPlaneEndpoint: '192.0.2.10:6443',
        networking: { podSubnet: '10.244.0.0/16', serviceSubnet: '10.96.0.0/16' },
      },
    ]
      .map((document) => JSON.stringify(document))
      .join('\n---\n'),
  );
  const args = ['init', 'phase', 'addon', phase, '--print-manifest', `--config=${config}`, '--kubeconfig=/dev/null'];
  const { stdout } = await promisify(execFile)(kubeadm, args);
  return parseAllDocuments(stdout).flatMap((document) => {
    const object: unknown = document.toJS();
    return isIdentified(object) ? [object] : [];
  });
}

function isIdentified(value: unknown): value is Identified {
  return typeof value === 'object' && value !== null && 'kind' in value && 'metadata' in value;
}

/** All that matters of a stored object: not what the server counts, not our own marks. */
function comparable(value: unknown): unknown {
  assert.ok(typeof value === 'object' && value !== null);
  const {
    metadata: _,
    status: __,
    data,
    ...rest
  } = { data: undefined, metadata: undefined, status: undefined, ...value };
  const text = JSON.stringify(rest).replace(/"annotations":\{"kamaji\.clastix\.io\/checksum":"[0-9a-f]+"\},?/, '');
  return { ...(JSON.parse(text) as object), data: comparableData(data) };
}

// kubeadm writes out every default of kube-proxy's configuration, which is then the same.
function comparableData(data: unknown): unknown {
  if (typeof data !== 'object' || data === null || !('config.conf' in data) || !('kubeconfig.conf' in data))
    return data;
  const configuration: unknown = parse(String(data['config.conf']));
  return {
    kubeconfig: parse(String(data['kubeconfig.conf'])) as unknown,
    configuration: withoutDefaults(configuration),
  };
}

function withoutDefaults(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const kept = Object.entries(value)
    .map(([key, inner]) => [key, withoutDefaults(inner)] as const)
    .filter(([, inner]) => !['', 0, '0', '0s', false, null].includes(inner as string) && !isEmpty(inner));
  return Object.fromEntries(kept);
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
