import type { NamesOfControlPlane } from '#controlplane/names.ts';
import type { Secret } from '#runtime/client/builtin.ts';
import { secrets } from '#runtime/client/builtin.ts';
import { keyOf } from '#runtime/client/resource.ts';
import type { Step } from '../finding.ts';
import type { OwnedWriting } from '../ownership.ts';
import { applyOwned, ForeignObjectError } from '../ownership.ts';
import type { SecretDraft } from '../secrets.ts';
import { secretObject } from '../secrets.ts';
import { certificatesFailure, certificatesRefused } from './certificates-ready.ts';

export interface SecretsInput extends OwnedWriting {
  readonly names: NamesOfControlPlane;
  readonly drafts: readonly SecretDraft[];
  readonly live: ReadonlyMap<string, Secret>;
  /** Names that the API server has just said to be free. */
  readonly absent: ReadonlySet<string>;
  readonly konnectivity: boolean;
}

/**
 * Applies the Secrets that this pass has planned, in parallel, and takes those of a tunnel away that is off now. All are
 * tried; the first failure is reported when the last has ended.
 */
export async function reconcileSecrets(input: SecretsInput): Promise<Step<true, 'CertificatesReady'>> {
  const { tenantControlPlane, names, live, client, signal } = input;
  // What the user may have made beforehand.
  const brought = new Set([names.ca, names.frontProxyCa, names.serviceAccount]);
  const applied = input.drafts.map(async (draft) => {
    const known = live.get(draft.name);
    const desired = secretObject(tenantControlPlane, draft, known);
    const isAbsent = input.absent.has(draft.name);
    await applyOwned(input, secrets, desired, known, { adopt: brought.has(draft.name), isAbsent });
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
  const { reason: error } = failure;
  return error instanceof ForeignObjectError
    ? certificatesRefused(error.code, error.message)
    : certificatesFailure(error);
}
