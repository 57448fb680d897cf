import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { FakeClock } from '../clock.fake.ts';
import { loadKubeConfig } from './kubeconfig.ts';

let directory = '';
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
});
after(() => rm(directory, { recursive: true }));

const clock = new FakeClock();
const base64 = (text: string): string => Buffer.from(text).toString('base64');

async function write(name: string, user: object, cluster: object = {}): Promise<string> {
  const path = join(directory, name);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'one',
    contexts: [
      { name: 'one', context: { cluster: 'c', user: 'u', namespace: 'team' } },
      { name: 'two', context: { cluster: 'd', user: 'u' } },
    ],
    clusters: [
      { name: 'c', cluster: { server: 'https://one:6443', ...cluster } },
      { name: 'd', cluster: { server: 'https://two:6443' } },
    ],
    users: [{ name: 'u', user }],
  };
  await writeFile(path, JSON.stringify(config));
  return path;
}

test('certificates come from data or from files beside the kubeconfig', async () => {
  await writeFile(join(directory, 'client.key'), 'KEY');
  const path = await write(
    'certificates',
    { 'client-certificate-data': base64('CERT'), 'client-key': 'client.key' },
    { 'certificate-authority-data': base64('CA'), 'tls-server-name': 'kubernetes' },
  );
  assert.deepEqual(await loadKubeConfig({ path, clock }), {
    transport: {
      server: 'https://one:6443',
      tls: { ca: 'CA', cert: 'CERT', key: 'KEY', serverName: 'kubernetes' },
    },
    namespace: 'team',
  });
});

test('another context than the current one can be named', async () => {
  const path = await write('contexts', {});
  const { transport, namespace } = await loadKubeConfig({ path, context: 'two', clock });
  assert.deepEqual([transport.server, namespace], ['https://two:6443', undefined]);
  await assert.rejects(loadKubeConfig({ path, context: 'three', clock }), { code: 'CONTEXT_NOT_FOUND' });
});

test('a token file is read again once a minute', async () => {
  const time = new FakeClock();
  const tokenFile = join(directory, 'token');
  await writeFile(tokenFile, 'first\n');
  const path = await write('token-file', { 'auth-provider': { name: 'tokenFile', config: { tokenFile } } });
  const { transport } = await loadKubeConfig({ path, clock: time });
  assert.equal(await transport.bearerToken?.(), 'first');
  await writeFile(tokenFile, 'second\n');
  await time.advance(59_999);
  assert.equal(await transport.bearerToken?.(), 'first');
  await time.advance(1);
  assert.equal(await transport.bearerToken?.(), 'second');
});

test('an exec plugin runs once for many requests at once', async () => {
  const calls = join(directory, 'calls');
  const plugin = join(directory, 'plugin');
  const credential = {
    apiVersion: 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    status: { token: 'from-plugin', expirationTimestamp: '2099-01-01T00:00:00Z' },
  };
  await writeFile(plugin, `#!/bin/sh\necho x >> '${calls}'\necho '${JSON.stringify(credential)}'\n`);
  await chmod(plugin, 0o700);
  const path = await write('exec', {
    exec: { apiVersion: 'client.authentication.k8s.io/v1', command: plugin, interactiveMode: 'Never' },
  });
  const { bearerToken } = (await loadKubeConfig({ path, clock })).transport;
  if (bearerToken === undefined) throw new Error('no token');
  const tokens = await Promise.all(Array.from({ length: 5 }, bearerToken));
  assert.deepEqual(
    tokens,
    Array.from({ length: 5 }, () => 'from-plugin'),
  );
  assert.equal(await readFile(calls, 'utf8'), 'x\n');
});

test('a plain token is passed on', async () => {
  const path = await write('token', { token: 'abc' }, { 'insecure-skip-tls-verify': true });
  const { transport } = await loadKubeConfig({ path, clock });
  assert.equal(await transport.bearerToken?.(), 'abc');
  assert.deepEqual(transport.tls, { insecureSkipVerify: true });
});

test('what is missing, broken or not supported is said, not guessed', async () => {
  await assert.rejects(loadKubeConfig({ path: join(directory, 'absent'), clock }), { code: 'KUBECONFIG_NOT_FOUND' });
  const broken = join(directory, 'broken');
  await writeFile(broken, '{"clusters":[{}]}');
  await assert.rejects(loadKubeConfig({ path: broken, clock }), { code: 'KUBECONFIG_INVALID' });
  for (const [name, user, cluster] of [
    ['proxy', {}, { 'proxy-url': 'http://proxy' }],
    ['basic', { username: 'a', password: 'b' }, {}],
    ['as', { as: 'somebody' }, {}],
  ] as const) {
    await assert.rejects(loadKubeConfig({ path: await write(name, user, cluster), clock }), {
      code: 'KUBECONFIG_UNSUPPORTED',
    });
  }
});
