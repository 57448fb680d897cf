import { readFile, readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { createTransport } from '#runtime/client/transport.ts';
import type { Transport } from '#runtime/client/transport.ts';
import { systemClock } from '#runtime/clock.ts';
import { startControlPlane } from '../../control-plane.ts';
import { installCrds } from '../../install-crds.ts';
import { createApiServer } from '../api-server.ts';
import { gadgetCrd } from './gadget-crd.ts';
import type { Server } from './session.ts';

const crdDirectory = new URL('../../../config/crd/', import.meta.url);

/** The checked-in CustomResourceDefinitions. */
export async function projectCrds(): Promise<readonly object[]> {
  const names = (await readdir(crdDirectory)).toSorted();
  return Promise.all(
    names.map(async (name): Promise<object> => parse(await readFile(new URL(name, crdDirectory), 'utf8'))),
  );
}

/** The fake, reached in process or over HTTP. */
export async function fakeServer(way: 'in process' | 'over HTTP'): Promise<Server> {
  const server = createApiServer({ clock: systemClock, crds: [...(await projectCrds()), gadgetCrd] });
  const transport: Transport =
    way === 'in process' ? server.transport() : createTransport({ server: (await server.listen()).url });
  return {
    name: `the fake ${way}`,
    transport,
    async compact() {
      server.compact();
    },
    async collected() {
      server.collectGarbage();
    },
    async close() {
      await transport.close();
      await server.close();
    },
  };
}

/** kube-apiserver and etcd, with the controllers that the fake comprises. */
export async function realServer(): Promise<Server> {
  const controllers = ['garbage-collector-controller', 'namespace-controller'];
  const controlPlane = await startControlPlane({ controllers });
  await installCrds(controlPlane);
  await controlPlane.kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify(gadgetCrd));
  await controlPlane.kubectl(['wait', '--for=condition=Established', `crd/${gadgetCrd.metadata.name}`]);
  const { admin, caCertificatePem: ca, server, etcdEndpoint } = controlPlane;
  const transport = createTransport({ server, tls: { ca, cert: admin.certificatePem, key: admin.privateKeyPem } });
  return {
    name: 'kube-apiserver',
    transport,
    // Its caches know more than etcd, until it begins anew.
    async compact() {
      await compactEtcd(etcdEndpoint);
      await controlPlane.restartApiServer();
    },
    async collected(done) {
      const deadline = performance.now() + 30_000;
      while (!(await done())) {
        if (performance.now() > deadline) throw new Error('the garbage was not collected in 30 s');
        await sleep(50);
      }
    },
    async close() {
      await transport.close();
      await controlPlane.stop();
    },
  };
}

async function compactEtcd(endpoint: string): Promise<void> {
  const post = async (path: string, body: object): Promise<{ header: { revision: string } }> => {
    const response = await fetch(`${endpoint}${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as { header: { revision: string } };
  };
  const { header } = await post('/v3/kv/range', { key: Buffer.from('/').toString('base64') });
  await post('/v3/kv/compaction', { revision: header.revision, physical: true });
}
