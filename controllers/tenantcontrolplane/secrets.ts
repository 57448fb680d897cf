import { createHash } from 'node:crypto';
import { annotations } from '#api/labels.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { ownedMetadata } from '#controlplane/objects.ts';
import type { Secret } from '#runtime/client/builtin.ts';

/** A Secret that a control plane should have, with its values as text. */
export interface SecretDraft {
  readonly name: string;
  /** Value of the label `kamaji.clastix.io/component`. */
  readonly component: string;
  readonly type?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, string>>;
  /** RFC 3339 time of a rotation in this pass that the rotate annotation had asked for. */
  readonly rotatedAt?: string;
}

/** The text under a key of a Secret, or undefined when there is no such key. */
export function secretText(secret: Secret | undefined, key: string): string | undefined {
  const encoded = secret?.data?.[key];
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8');
}

/** True when somebody asked for new content of this Secret and has not had it yet. */
export function rotationRequested(secret: Secret | undefined): boolean {
  return secret?.metadata?.annotations?.[annotations.rotate] === '';
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
        [annotations.checksum]: checksumOf(draft.data),
        ...(rotated === undefined ? {} : { [annotations.rotate]: rotated }),
      },
    }),
    type: live?.type ?? draft.type ?? 'Opaque',
    data: Object.fromEntries(
      Object.entries(draft.data).map(([key, text]) => [key, Buffer.from(text, 'utf8').toString('base64')]),
    ),
  };
}
