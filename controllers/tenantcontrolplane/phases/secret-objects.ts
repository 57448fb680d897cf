import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type { NamesOfControlPlane } from '#controlplane/names.ts';
import type { Applier } from '#runtime/client/applier.ts';
import type { Secret } from '#runtime/client/builtin.ts';
import { secrets } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import { keyOf } from '#runtime/client/resource.ts';
import type { Step } from '../finding.ts';
import { foreignObject, takeOver } from '../ownership.ts';
import type { SecretDraft } from '../secrets.ts';
import { secretObject } from '../secrets.ts';
import { certificatesFailure, certificatesRefused } from './certificates-ready.ts';

export interface SecretsInput {
  readonly tenantControlPlane: TenantControlPlane;
  readonly names: NamesOfControlPlane;
  readonly drafts: readonly SecretDraft[];
  readonly live: ReadonlyMap<string, Secret>;
  readonly konnectivity: boolean;
  readonly applier: Applier;
  readonly client: Client;
  readonly signal: AbortSignal;
}

/**
 * Applies the Secrets that this pass has planned, in parallel, and takes those of a tunnel away that is off now. All are
 * tried; the first failure is reported when the last has ended.
 */
export async function reconcileSecrets(input: SecretsInput): Promise<Step<true, 'CertificatesReady'>> {
  const { tenantControlPlane, names, live, client, signal } = input;
  const applied = input.drafts.map(async (draft) => {
    const present = live.get(draft.name);
    const desired = secretObject(tenantControlPlane, draft, present);
    await input.applier.apply(client, secrets, desired, present, { signal, ...takeOver(present) });
  });
  const surplus = input.konnectivity ? [] : [names.konnectivityCertificate, names.konnectivityKubeconfig];
  const deleted = surplus
    .flatMap((name) => live.get(name) ?? [])
    .map(async (secret) => {
      await client.delete(secrets, keyOf(secret), { signal });
    });
  const outcomes = await Promise.allSettled([...applied, ...deleted]);
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure === undefined) return { value: true };
  const foreign = foreignObject(failure.reason);
  return foreign === undefined ? certificatesFailure(failure.reason) : certificatesRefused('ForeignObject', foreign);
}
