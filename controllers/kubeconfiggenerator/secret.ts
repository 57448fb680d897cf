import { annotations, labels } from '#api/labels.ts';
import type { Secret } from '#runtime/client/builtin.ts';
import { secretData, secretText } from '#runtime/client/secret-data.ts';
import { ownersOf } from './ownership.ts';
import type { Wish } from './plan.ts';

/** Key of the kubeconfig in the Secret. Upstream's. */
const VALUE = 'value';

/** The kubeconfig that a generated Secret holds. */
export function storedKubeconfig(secret: Secret | undefined): string | undefined {
  return secretText(secret, VALUE);
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
    data: { ...live?.data, ...secretData({ [VALUE]: kubeconfig }) },
  };
}
