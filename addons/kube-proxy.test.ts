import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { tenant } from '#controlplane/tenant-control-plane.fake.ts';
import { testBinaries } from '#test/binaries.ts';
import { kubeProxy } from './kube-proxy.ts';
import type { KubeProxyInput } from './kube-proxy.ts';

const input: KubeProxyInput = {
  tenantControlPlane: tenant(),
  controlPlaneEndpoint: '192.0.2.10:6443',
  podCidrs: ['10.244.0.0/16'],
};

suite('the configuration of kube-proxy', () => {
  const cases: readonly [because: string, podCidrs: string[], expected: object][] = [
    [
      'knows the pods’ network, to tell traffic from outside',
      ['10.244.0.0/16'],
      { clusterCIDR: '10.244.0.0/16', bindAddress: '0.0.0.0' },
    ],
    [
      'knows both families in the user’s order',
      ['fd00:244::/56', '10.244.0.0/16'],
      { clusterCIDR: 'fd00:244::/56,10.244.0.0/16', bindAddress: '::' },
    ],
    ['knows none where there is none', [], { bindAddress: '0.0.0.0' }],
  ];
  for (const [because, podCidrs, expected] of cases) {
    test(because, () => {
      assert.deepEqual(configurationOf({ ...input, podCidrs }), {
        apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
        kind: 'KubeProxyConfiguration',
        clientConnection: { kubeconfig: '/var/lib/kube-proxy/kubeconfig.conf' },
        mode: '',
        ...expected,
      });
    });
  }

  test('is one that the real kube-proxy reads', async () => {
    const { 'kube-proxy': file } = await testBinaries(['kube-proxy'], new AbortController().signal);
    const directory = await mkdtemp(join(tmpdir(), 'kube-proxy-'));
    try {
      const [config, written] = [join(directory, 'config.conf'), join(directory, 'written')];
      await writeFile(config, dataOf(input)['config.conf'] ?? '');
      await promisify(execFile)(file, [`--config=${config}`, `--write-config-to=${written}`]);
      const understood: unknown = parse(await readFile(written, 'utf8'));
      assert.ok(typeof understood === 'object' && understood !== null && 'clusterCIDR' in understood);
      assert.equal(understood.clusterCIDR, '10.244.0.0/16');
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  test('rolls the pods when it changes, since kube-proxy reads it once', () => {
    const moved = { ...input, controlPlaneEndpoint: '192.0.2.11:6443' };
    assert.notDeepEqual(annotationsOf(moved), annotationsOf(input));
    assert.deepEqual(annotationsOf(input), annotationsOf({ ...input }));
  });
});

function dataOf(of: KubeProxyInput): Readonly<Record<string, string>> {
  const configMap = kubeProxy(of).find(({ kind }) => kind === 'ConfigMap');
  assert.ok(configMap?.kind === 'ConfigMap');
  return configMap.data;
}

function configurationOf(of: KubeProxyInput): unknown {
  return parse(dataOf(of)['config.conf'] ?? '');
}

function annotationsOf(of: KubeProxyInput): object | undefined {
  const daemonSet = kubeProxy(of).find(({ kind }) => kind === 'DaemonSet');
  assert.ok(daemonSet?.kind === 'DaemonSet');
  return daemonSet.spec.template.metadata.annotations;
}
