import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { authorizationUrl } from '#api/manager-service.ts';
import { labels } from '#api/labels.ts';
import { rotationRequested } from '#api/rotation.ts';
import type { KubeconfigRequest } from '#bootstrap/kubeconfig.ts';
import { obtainKubeconfig } from '#bootstrap/kubeconfig.ts';
import { authorizationFiles, authorizesByFile, isAuthorizerKubeconfig } from '#controlplane/authorization.ts';
import type { NamesOfControlPlane } from '#controlplane/names.ts';
import type { WriteLimit } from '#controlplane/write-limit.ts';
import { writeLimitOf } from '#controlplane/write-limit.ts';
import type { CertificatePair } from '#pki/authority.ts';
import { CERTIFICATE_VALIDITY_MS } from '#pki/authority.ts';
import type { Secret } from '#runtime/client/builtin.ts';
import { secretText } from '#runtime/client/secret-data.ts';
import { RECHECK_MS } from '#runtime/controller/finding.ts';
import type { Step } from '../finding.ts';
import type { Reissued, SecretDraft } from '../secrets.ts';
import type { IssuingInput } from './certificates.ts';
import { certificatesFailure } from './certificates-ready.ts';

/** How the API servers of a control plane come to know who may do what. */
export interface Authorization {
  readonly drafts: readonly SecretDraft[];
  /** The API servers ask the manager about writes, or did so lately. */
  readonly asksManager: boolean;
  /** When there is something to do about it. */
  readonly renewAt: Date | undefined;
  readonly reissued: readonly Reissued[];
}

export interface AuthorizationInput extends IssuingInput {
  readonly tenantControlPlane: TenantControlPlane;
  readonly names: NamesOfControlPlane;
  /** The manager's certificate and the authority behind it; undefined while there is none. */
  readonly managerCertificate: Secret | undefined;
  readonly managerNamespace: string;
}

/**
 * How long API servers may go on asking about writes after these have been given free: until then kubelets have brought the files
 * into the pods, and what asks in vain is refused.
 */
const LINGER_MS = 5 * 60_000;

/** On the Secret, for so long: when writes were given free (RFC 3339). */
const WRITES_FREED_AT = 'kamaji.clastix.io/writes-freed-at';

/** Plans the Secret that the API servers authorize by; nothing of it makes pods roll. */
export async function planAuthorization(input: AuthorizationInput): Promise<Step<Authorization, 'CertificatesReady'>> {
  const { tenantControlPlane, names } = input;
  if (!authorizesByFile(tenantControlPlane)) {
    return { value: { drafts: [], asksManager: false, renewAt: undefined, reissued: [] } };
  }
  const live = input.secrets.get(names.authorization);
  const limit = writeLimitOf(tenantControlPlane);
  return limit === undefined ? { value: unlimited(input, live) } : limited(input, limit, live);
}

function unlimited({ tenantControlPlane, names, now }: AuthorizationInput, live: Secret | undefined): Authorization {
  const liftedAt = kubeconfigOf(live) === undefined ? liftedAtOf(live) : now;
  const closesAt = liftedAt === undefined ? undefined : new Date(liftedAt.getTime() + LINGER_MS);
  const isOpen = liftedAt !== undefined && closesAt !== undefined && closesAt > now;
  const draft: SecretDraft = {
    name: names.authorization,
    component: COMPONENT,
    data: authorizationFiles(tenantControlPlane, undefined),
    ...(isOpen ? { annotations: { [WRITES_FREED_AT]: liftedAt.toISOString() } } : {}),
  };
  return { drafts: [draft], asksManager: isOpen, renewAt: isOpen ? closesAt : undefined, reissued: [] };
}

async function limited(
  input: AuthorizationInput,
  limit: WriteLimit,
  live: Secret | undefined,
): Promise<Step<Authorization, 'CertificatesReady'>> {
  const { tenantControlPlane, names } = input;
  const authority = authorityOf(input.managerCertificate);
  if (authority === undefined) return waiting;
  const request: KubeconfigRequest = {
    server: authorizationUrl(input.managerNamespace),
    clusterName: 'manager',
    authority,
    name: 'kube-apiserver',
    certificate: {
      // By this the manager knows who asks; it is worth nothing anywhere else.
      subject: { commonName: tenantControlPlane.metadata.uid ?? '' },
      usages: ['clientAuth'],
      validityMs: CERTIFICATE_VALIDITY_MS,
    },
  };
  try {
    const wanted = { stored: kubeconfigOf(live), request, rotateRequested: rotationRequested(live) };
    const { text: kubeconfig, reissue, renewAt, rotatedAt } = await obtainKubeconfig(wanted, input);
    const draft: SecretDraft = {
      name: names.authorization,
      component: COMPONENT,
      labels: { [labels.certificateLifecycle]: 'kubeconfig' },
      data: authorizationFiles(tenantControlPlane, { limit, kubeconfig }),
      ...(rotatedAt === undefined ? {} : { rotatedAt }),
    };
    return {
      value: {
        drafts: [draft],
        asksManager: true,
        renewAt,
        reissued: reissue === undefined ? [] : [{ secretName: names.authorization, ...reissue }],
      },
    };
  } catch (error) {
    return certificatesFailure(error);
  }
}

const COMPONENT = 'authorization';

const waiting: Step<Authorization, 'CertificatesReady'> = {
  finding: {
    type: 'CertificatesReady',
    status: 'False',
    reason: 'Waiting',
    message: 'waiting for the certificate of the manager, which the API servers are to ask about limited writes',
  },
  requeueAfterMs: RECHECK_MS,
};

function kubeconfigOf(secret: Secret | undefined): string | undefined {
  const name = Object.keys(secret?.data ?? {}).find(isAuthorizerKubeconfig);
  return name === undefined ? undefined : secretText(secret, name);
}

function liftedAtOf(secret: Secret | undefined): Date | undefined {
  const at = Date.parse(secret?.metadata?.annotations?.[WRITES_FREED_AT] ?? '');
  return Number.isNaN(at) ? undefined : new Date(at);
}

function authorityOf(secret: Secret | undefined): CertificatePair | undefined {
  const certificatePem = secretText(secret, 'ca.crt');
  const privateKeyPem = secretText(secret, 'ca.key');
  return certificatePem === undefined || privateKeyPem === undefined ? undefined : { certificatePem, privateKeyPem };
}
