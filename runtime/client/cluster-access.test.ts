import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FakeClock } from '../clock.fake.ts';
import { findClusterAccess } from './cluster-access.ts';

const clock = new FakeClock();
const kubeconfig = {
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'one',
  contexts: [{ name: 'one', context: { cluster: 'c', user: 'u' } }],
  clusters: [{ name: 'c', cluster: { server: 'https://one:6443' } }],
  users: [{ name: 'u', user: {} }],
};

test('a pod uses its service account, unless a kubeconfig is named', async (t) => {
  const mounted = await mkdtemp(join(tmpdir(), 'serviceaccount-'));
  await writeFile(join(mounted, 'token'), 'first\n');
  await writeFile(join(mounted, 'ca.crt'), 'CA');
  await writeFile(join(mounted, 'namespace'), 'team\n');
  const { KUBECONFIG: before } = process.env;
  t.after(async () => {
    await rm(mounted, { recursive: true });
    delete process.env['KUBERNETES_SERVICE_HOST'];
    delete process.env['KUBERNETES_SERVICE_PORT'];
    if (before === undefined) delete process.env['KUBECONFIG'];
    else process.env['KUBECONFIG'] = before;
  });
  delete process.env['KUBECONFIG'];
  const pod = { clock, serviceAccountDirectory: mounted };
  for (const [host, server] of [
    ['10.96.0.1', 'https://10.96.0.1:6443'],
    ['fd00::1', 'https://[fd00::1]:6443'],
  ] as const) {
    process.env['KUBERNETES_SERVICE_HOST'] = host;
    process.env['KUBERNETES_SERVICE_PORT'] = '6443';
    const { transport, namespace } = await findClusterAccess(pod);
    assert.deepEqual([transport.server, transport.tls, namespace], [server, { ca: 'CA' }, 'team']);
    assert.equal(await transport.bearerToken?.(), 'first');
  }
  const path = join(mounted, 'kubeconfig');
  await writeFile(path, JSON.stringify(kubeconfig));
  assert.equal((await findClusterAccess({ ...pod, path })).transport.server, 'https://one:6443');
  process.env['KUBECONFIG'] = path;
  assert.equal((await findClusterAccess(pod)).transport.server, 'https://one:6443');
});
