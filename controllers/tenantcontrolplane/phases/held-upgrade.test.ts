import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { addonVersions } from '#addons/versions.ts';
import { annotations } from '#api/labels.ts';
import { formatKubeconfig } from '#bootstrap/kubeconfig.ts';
import { namesOfControlPlane } from '#controlplane/names.ts';
import { tenant } from '#controlplane/tenant-control-plane.fake.ts';
import type { Client, ListResult } from '#runtime/client/client.ts';
import { NetworkError } from '#runtime/client/errors.ts';
import type { KubeObject } from '#runtime/client/resource.ts';
import type { Gathered } from '../gather.ts';
import { holdUpgrade } from './held-upgrade.ts';

const { signal } = new AbortController();

interface Case {
  readonly from?: string;
  readonly to: string;
  /** Version of the pods that the Deployment asks for. Default: `from`. */
  readonly asked?: string;
  readonly serving?: boolean;
  readonly annotations?: Record<string, string>;
  /** Versions of the kubelets on the nodes `n0`, `n1`, …; undefined: nobody may ask. */
  readonly kubelets: readonly string[] | undefined;
}

suite('an upgrade to another minor', () => {
  const old = ['v1.31.9', 'v1.32.0'];
  const goesOn: readonly [why: string, parts: Case][] = [
    ['to which the oldest kubelet fits', { from: 'v1.34.4', to: 'v1.35.4', kubelets: ['v1.32.0', 'v1.35.4'] }],
    ['of a cluster without nodes', { from: 'v1.34.4', to: 'v1.35.4', kubelets: [] }],
    ['whose kubelets say no version of Kubernetes', { from: 'v1.34.4', to: 'v1.35.4', kubelets: ['', 'v2.0.0', 'x'] }],
    ['asks no node when there is none: a patch release', { from: 'v1.35.3', to: 'v1.35.4', kubelets: undefined }],
    ['asks no node when there is none: the first start', { to: 'v1.35.4', kubelets: undefined }],
    ['asks no node once pods are asked for', { from: 'v1.34.4', to: 'v1.35.4', asked: 'v1.35.4', kubelets: undefined }],
    [
      'asks no node where no API server serves',
      { from: 'v1.34.4', to: 'v1.35.4', serving: false, kubelets: undefined },
    ],
    [
      'asks no node where the user has said so',
      { from: 'v1.34.4', to: 'v1.35.4', annotations: { [annotations.ignoreKubeletSkew]: '' }, kubelets: undefined },
    ],
  ];
  for (const [why, parts] of goesOn) {
    test(`goes on, ${why}`, async () => {
      const gathered = gatheredOf(parts);
      assert.deepEqual(await holdUpgrade(gathered, undefined, poolOf(parts.kubelets), signal), { gathered });
    });
  }

  test('waits while a kubelet is too old for it: the rest of the spec is done in the present version', async () => {
    const gathered = gatheredOf({ from: 'v1.34.4', to: 'v1.35.4', kubelets: old });
    const held = await holdUpgrade(gathered, undefined, poolOf(old), signal);
    assert.equal(held.finding?.reason, 'KubeletsTooOld');
    assert.match(
      held.finding.message,
      /v1\.35\.4 needs kubelets of v1\.32 or newer, .* stays at v1\.34\.4: upgrade or remove node n0 \(v1\.31\.9\), or .*ignore-kubelet-skew$/u,
    );
    assert.ok(held.requeueAfterMs !== undefined);
    const { tenantControlPlane } = gathered;
    const kubernetes = { ...tenantControlPlane.spec.kubernetes, version: 'v1.34.4' };
    assert.deepEqual(held.gathered.tenantControlPlane, {
      ...tenantControlPlane,
      spec: { ...tenantControlPlane.spec, kubernetes },
    });
    assert.deepEqual(held.gathered.addonVersions.versions, addonVersions('v1.34.4'));
  });

  test('names a few of many nodes', async () => {
    const kubelets = Array.from({ length: 9 }, () => 'v1.30.1');
    const held = await holdUpgrade(
      gatheredOf({ from: 'v1.34.4', to: 'v1.35.4', kubelets }),
      undefined,
      poolOf(kubelets),
      signal,
    );
    assert.match(held.finding?.message ?? '', /node n0 \(v1\.30\.1\), n1 \(v1\.30\.1\), n2 \(v1\.30\.1\) and 6 more,/u);
  });

  test('waits when nodes cannot be asked for the moment, and asks again', async () => {
    const unreachable = { client: () => clientOf(() => Promise.reject(new NetworkError('TIMEOUT', 'no answer'))) };
    const gathered = gatheredOf({ from: 'v1.34.4', to: 'v1.35.4', kubelets: [] });
    const held = await holdUpgrade(gathered, undefined, unreachable, signal);
    assert.equal(held.finding, undefined);
    assert.equal(held.gathered.tenantControlPlane.spec.kubernetes.version, 'v1.34.4');
    assert.ok(held.requeueAfterMs !== undefined);
  });
});

function gatheredOf({ from, to, asked = from, serving = true, annotations: notes = {} }: Case): Gathered {
  const made = tenant({ kubernetes: { version: to } });
  const names = namesOfControlPlane('demo');
  const pem = 'pem';
  const kubeconfig = formatKubeconfig({
    server: 'https://demo:6443',
    clusterName: 'demo',
    userName: 'admin',
    caCertificatesPem: pem,
    clientCertificatePem: pem,
    clientKeyPem: pem,
  });
  const data = { 'super-admin.svc': Buffer.from(kubeconfig).toString('base64') };
  const containers = [{ name: 'kube-apiserver', image: `registry.k8s.io/kube-apiserver:${asked}` }];
  const labels = { app: 'demo' };
  return {
    tenantControlPlane: {
      ...made,
      metadata: { ...made.metadata, annotations: notes },
      ...(from === undefined ? {} : { status: { kubernetesResources: { version: { version: from } } } }),
    },
    names,
    dataStores: [],
    secrets: new Map([[names.adminKubeconfig, { metadata: { name: names.adminKubeconfig }, data }]]),
    absentSecrets: new Set(),
    configMaps: new Map(),
    addonVersions: { versions: addonVersions(to) },
    managerCertificate: undefined,
    service: { spec: { clusterIP: '192.0.2.1', ports: [{ name: 'kube-apiserver', port: 6443 }] } },
    deployment: {
      metadata: { name: 'demo' },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
      status: { readyReplicas: serving ? 1 : 0 },
    },
    podDisruptionBudget: undefined,
    networkPolicy: undefined,
    exposure: { ingress: undefined, route: undefined, konnectivityRoute: undefined },
    pods: [],
  };
}

function poolOf(kubelets: readonly string[] | undefined) {
  const items = kubelets?.map((kubeletVersion, n) => ({
    metadata: { name: `n${n}` },
    status: { nodeInfo: { kubeletVersion } },
  }));
  return {
    client: () => (items === undefined ? clientOf(unused) : clientOf(async () => ({ items, resourceVersion: '1' }))),
  };
}

function clientOf(list: () => Promise<ListResult<KubeObject>>): Client {
  return {
    get: unused,
    // The client trusts the server as to the kind, and so does this stand-in.
    list: async <T extends KubeObject>() => (await list()) as ListResult<T>,
    create: unused,
    replace: unused,
    apply: unused,
    mergePatch: unused,
    delete: unused,
    getRaw: unused,
  };
}

function unused(): never {
  throw new Error('not used here');
}
