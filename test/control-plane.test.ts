import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import type { KubeObject, Resource } from '#runtime/client/resource.ts';
import { ApiError } from '#runtime/client/errors.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';

interface ConfigMap extends KubeObject {
  data?: Record<string, string>;
}
const configMaps: Resource<ConfigMap> = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
};

suite('a control plane of one’s own', () => {
  let controlPlane: ControlPlane;
  before(async () => {
    const rules = [{ level: 'Metadata', resources: [{ group: '', resources: ['configmaps'] }] }, { level: 'None' }];
    controlPlane = await startControlPlane({ auditPolicy: { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules } });
  });
  after(() => controlPlane.stop());

  const metadata = { namespace: 'default', name: 'one' };

  test('stores what the admin writes, through the client and through kubectl', async () => {
    await controlPlane.client.create(configMaps, { metadata, data: { a: '1' } });
    const printed = await controlPlane.kubectl(['get', 'configmap', 'one', '-o', 'jsonpath={.data.a}']);
    assert.equal(printed, '1');
  });

  test('refuses a user without a role', async () => {
    const client = controlPlane.clientFor(await controlPlane.identity('nobody', ['some:group']));
    await assert.rejects(client.get(configMaps, metadata), (error) => error instanceof ApiError && error.isForbidden);
  });

  test('counts requests in its audit log', async () => {
    const events = await controlPlane.auditEvents();
    const creates = events.filter(({ verb, objectRef }) => verb === 'create' && objectRef?.name === 'one');
    assert.equal(creates.length, 1);
  });

  test('keeps its data over a killed API server', async () => {
    await controlPlane.restartApiServer();
    assert.deepEqual((await controlPlane.client.get(configMaps, metadata))?.data, { a: '1' });
  });
});

test('a test that is killed leaves no process and no file', async () => {
  const url = new URL('./control-plane.ts', import.meta.url).href;
  const script = `
    const { startControlPlane } = await import(${JSON.stringify(url)});
    const { directory, etcdEndpoint } = await startControlPlane();
    console.log(JSON.stringify({ directory, etcdEndpoint }));
    process.kill(process.pid, 'SIGKILL');`;
  const error: { stdout: string } = await promisify(execFile)(process.execPath, [
    '--input-type=module',
    '--eval',
    script,
  ]).then(
    () => assert.fail('the process should have been killed'),
    (error) => error,
  );
  const { directory, etcdEndpoint }: { directory: string; etcdEndpoint: string } = JSON.parse(error.stdout);
  while (existsSync(directory)) await new Promise((resolve) => setTimeout(resolve, 20));
  await assert.rejects(fetch(`${etcdEndpoint}/health`));
});
