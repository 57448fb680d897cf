import { configMaps, namespaces, secrets } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import type { ControlPlane } from '#test/control-plane.ts';
import type { Access } from './measurements/access.ts';
import { inParallel } from './in-parallel.ts';
import { namespaceCount, namespaceOf, sampleSecret } from './sample-secrets.ts';

/** The admin's access to a control plane of the tests. */
export function accessTo({ server, caCertificatePem, admin }: ControlPlane): Access {
  return { server, ca: caCertificatePem, client: admin };
}

/** Creates so many sample Secrets, and the namespaces of all. */
export async function createSecrets(client: Client, count: number, signal: AbortSignal): Promise<void> {
  await inParallel(namespaceCount, (n) =>
    client.create(namespaces, { metadata: { name: namespaceOf(n) } }, { signal }),
  );
  await inParallel(count, (n) => client.create(secrets, sampleSecret(n), { signal }));
}

/** Creates so many small ConfigMaps; the n-th has the label `bench: n`. */
export async function createConfigMaps(
  client: Client,
  namespace: string,
  count: number,
  signal: AbortSignal,
): Promise<void> {
  await inParallel(count, (n) => {
    const metadata = { name: `watched-${n}`, namespace, labels: { bench: String(n) } };
    return client.create(configMaps, { metadata, data: { key: 'value' } }, { signal });
  });
}
