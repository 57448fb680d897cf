import { annotations, labels } from '#api/labels.ts';
import type { Secret } from '#runtime/client/builtin.ts';
import { ownersOf } from './ownership.ts';
import type { Wish } from './plan.ts';

/** Key of the kubeconfig in the Secret. Upstream's. */
const VALUE = 'value';

/** The text under a key of a Secret, or undefined when there is no such key. */
export function secretText(secret: Secret | undefined, key: string): string | undefined {
  const encoded = secret?.data?.[key];
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8');
}

/** The kubeconfig that a generated Secret holds. */
export function storedKubeconfig(secret: Secret | undefined): string | undefined {
  return secretText(secret, VALUE);
}

/** True when somebody asked for a new kubeconfig by annotation and has not had it yet. */
export function rotationRequested(secret: Secret | undefined): boolean {
  return secret?.metadata?.annotations?.[annotations.rotate] === '';
}

/**
 * The Secret of a wish: the one that there is, with our part of it as it should be. `rotatedAt` is the RFC 3339 time of
 * a rotation that had been asked for.
 */
export function secretFor(wish: Wish, kubeconfig: string, rotatedAt?: string): Secret {
  const { live, key, tenant, generator } = wish;
  return {
    ...live,
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      ...live?.metadata,
      ...key,
      labels: {
        ...live?.metadata?.labels,
        [labels.managedBy]: generator,
        [labels.managedFor]: tenant.metadata.name ?? '',
        [labels.certificateLifecycle]: 'kubeconfig',
      },
      ...(rotatedAt === undefined
        ? {}
        : { annotations: { ...live?.metadata?.annotations, [annotations.rotate]: rotatedAt } }),
      ownerReferences: ownersOf(tenant, live),
    },
    type: live?.type ?? 'Opaque',
    data: { ...live?.data, [VALUE]: Buffer.from(kubeconfig, 'utf8').toString('base64') },
  };
}
