import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tenantControlPlanes } from '#api/kinds.ts';
import { labels } from '#api/labels.ts';
import { parseKubeconfig } from '#bootstrap/kubeconfig.ts';
import { namesOfControlPlane } from '#controlplane/names.ts';
import type { PodSpec } from '#controlplane/pod.ts';
import type { ProgramsOf } from '#controlplane/pod-of-processes.fake.ts';
import { runPod } from '#controlplane/pod-of-processes.fake.ts';
import { configMaps, deployments, secrets } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import { createClient } from '#runtime/client/kube-client.ts';
import type { ObjectKey } from '#runtime/client/resource.ts';
import { createTransport } from '#runtime/client/transport.ts';
import { testBinaries } from '#test/binaries.ts';
import { waitUntil } from '#test/child-processes.ts';

/** A tenant whose API server runs on this machine. */
export interface RunningTenant {
  /** `https://host:port`, where every kubeconfig says. */
  readonly server: string;
  /** A member of `system:masters` in the tenant. */
  readonly client: Client;
  /** Holds the files of the pod, and may hold those of a test. */
  readonly directory: string;
  /** Runs kubectl by the tenant's `admin.conf` as it stands in its Secret. */
  kubectl(args: readonly string[]): Promise<string>;
  /** May be called twice. */
  stop(): Promise<void>;
}

/** Runs containers of a tenant's Deployment, kube-apiserver among them, over its Secrets; resolves when that is ready. */
export async function runTenant(
  management: Client,
  key: ObjectKey,
  names: readonly string[] = ['kube-apiserver'],
  programsOf?: ProgramsOf,
): Promise<RunningTenant> {
  const deployment = await management.get(deployments, key);
  const spec = deployment?.spec?.template.spec;
  assert.ok(spec !== undefined, `there is no Deployment ${key.name}`);
  const containers = spec.containers.filter(({ name }) => names.includes(name));
  // Read back from the API server, it has the shape that was written.
  const pod = await runPod({ ...spec, containers } as PodSpec, await contentsOf(management, key), {}, programsOf);
  const tenant = await management.get(tenantControlPlanes, key);
  const server = `https://${tenant?.status?.controlPlaneEndpoint ?? ''}`;
  const adminText = (item: string): Promise<string> =>
    secretText(management, { ...key, name: namesOfControlPlane(key.name).adminKubeconfig }, item);
  const admin = parseKubeconfig(await adminText('super-admin.svc'));
  const tls = { ca: admin.caCertificatesPem, cert: admin.clientCertificatePem, key: admin.clientKeyPem };
  const transport = createTransport({ server, tls });
  const client = createClient(transport);
  let stopped: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    await transport.close();
    await pod[Symbol.asyncDispose]();
  };
  const stop = (): Promise<void> => (stopped ??= end());
  try {
    await waitUntil(pod.program('kube-apiserver'), () => isReady(client), { timeoutMs: 60_000 });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    server,
    client,
    directory: pod.directory,
    async kubectl(args) {
      const path = join(pod.directory, 'admin.conf');
      await writeFile(path, await adminText('admin.conf'), { mode: 0o600 });
      return runProgram('kubectl', ['--kubeconfig', path, ...args]);
    },
    stop,
  };
}

/** Runs a program to its end and answers its standard output; a failure throws with its standard error. */
export async function runProgram(name: 'kubectl' | 'kubeadm', args: readonly string[]): Promise<string> {
  const { [name]: file } = await testBinaries([name], new AbortController().signal);
  return (await promisify(execFile)(file, [...args], { timeout: 30_000 })).stdout;
}

/** The text under a key of a Secret; throws when there is none. */
export async function secretText(client: Client, key: ObjectKey, item: string): Promise<string> {
  const encoded = (await client.get(secrets, key))?.data?.[item];
  assert.ok(encoded !== undefined, `Secret ${key.name} has no key ${item}`);
  return Buffer.from(encoded, 'base64').toString('utf8');
}

async function contentsOf(client: Client, key: ObjectKey): Promise<Record<string, Record<string, string>>> {
  const own = { namespace: key.namespace ?? '', labelSelector: `${labels.name}=${key.name}` };
  const [mounted, configurations] = await Promise.all([client.list(secrets, own), client.list(configMaps, own)]);
  const decode = ([item, text]: [string, string]) => [item, Buffer.from(text, 'base64').toString('utf8')];
  return Object.fromEntries([
    ...mounted.items.map(({ metadata, data = {} }) => [
      metadata?.name,
      Object.fromEntries(Object.entries(data).map(decode)),
    ]),
    ...configurations.items.map(({ metadata, data = {} }) => [metadata?.name, data]),
  ]);
}

function isReady(client: Client): Promise<boolean> {
  return client.getRaw('/readyz').then(
    () => true,
    () => false,
  );
}
