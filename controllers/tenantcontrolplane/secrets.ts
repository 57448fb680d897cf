import { createHash } from 'node:crypto';
import { annotations, labels } from '#api/labels.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type { KubeconfigReissue } from '#bootstrap/kubeconfig.ts';
import { ownedMetadata } from '#controlplane/objects.ts';
import type { Secret } from '#runtime/client/builtin.ts';
import { secretData } from '#runtime/client/secret-data.ts';

const OF_USER = 'kamaji.clastix.io/user-supplied';

/** A Secret that a control plane should have, with its values as text. */
export interface SecretDraft {
  readonly name: string;
  /** Value of the label `kamaji.clastix.io/component`. */
  readonly component: string;
  readonly type?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, string>>;
  /** RFC 3339 time of a rotation in this pass that the rotate annotation had asked for. */
  readonly rotatedAt?: string;
  /** The user made what it holds. */
  readonly ofUser?: true;
}

/** A Secret that got new content in a pass, and why. */
export interface Reissued {
  readonly secretName: string;
  readonly reason: KubeconfigReissue['reason'];
  readonly message: string;
}

/** Whether the user made what is in this Secret. Ours carry our label from the start; theirs get it when they are taken. */
export function isOfUser(secret: Secret | undefined): boolean {
  const { labels: has, annotations: notes } = secret?.metadata ?? {};
  return secret !== undefined && (has?.[labels.project] === undefined || notes?.[OF_USER] !== undefined);
}

/** Hex digest over the values in the byte order of their keys; what status fields and pod templates carry. */
export function checksumOf(data: Readonly<Record<string, string>>): string {
  const hash = createHash('sha256');
  for (const key of Object.keys(data).sort()) hash.update(`${key}\0${data[key] ?? ''}\0`);
  // 32 digits fit a label value and are what third parties expect of an MD5 sum.
  return hash.digest('hex').slice(0, 32);
}

/** The full object to apply. A Secret's type can never change, so that of an existing one is kept. */
export function secretObject(owner: TenantControlPlane, draft: SecretDraft, live: Secret | undefined): Secret {
  const rotated = draft.rotatedAt ?? (live?.metadata?.annotations?.[annotations.rotate] || undefined);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: ownedMetadata(owner, draft.name, draft.component, {
      ...(draft.labels === undefined ? {} : { labels: draft.labels }),
      annotations: {
        ...draft.annotations,
        [annotations.checksum]: checksumOf(draft.data),
        ...(rotated === undefined ? {} : { [annotations.rotate]: rotated }),
        ...(draft.ofUser === undefined ? {} : { [OF_USER]: 'true' }),
      },
    }),
    type: live?.type ?? draft.type ?? 'Opaque',
    data: secretData(draft.data),
  };
}
