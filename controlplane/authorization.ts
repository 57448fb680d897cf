import { createHash } from 'node:crypto';
import semver from 'semver';
import { stringify } from 'yaml';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { userValue } from './args.ts';
import type { WriteLimit } from './write-limit.ts';
import { limitedRequests } from './write-limit.ts';

/** Directory of the files that say who may do what in the API server's container. */
export const AUTHORIZATION_DIRECTORY = '/etc/kubernetes/authorization';

/** Name of the file that kube-apiserver reads, and reads again when it changes. */
export const AUTHORIZATION_FILE = 'authorization.yaml';

/** Who is asked before RBAC about the writes that a limit may refuse. */
export interface WriteAuthorizer {
  readonly limit: WriteLimit;
  /** Where, and by which certificate. */
  readonly kubeconfig: string;
}

// Structured authorization is there from 1.30 on (Kubernetes: StructuredAuthorizationConfiguration).
const FIRST_MINOR = 30;
// v1 is there from 1.32 on. One minor later every API server reads it that runs beside one of this minor during an upgrade.
const FIRST_V1_MINOR = 33;

const USER_FLAGS = [
  '--authorization-config',
  '--authorization-mode',
  '--authorization-webhook-cache-authorized-ttl',
  '--authorization-webhook-cache-unauthorized-ttl',
  '--authorization-webhook-config-file',
  '--authorization-webhook-version',
];

/** Whether the API server authorizes by our file, which it does unless the user says how in flags, or it is too old. */
export function authorizesByFile(tenantControlPlane: TenantControlPlane): boolean {
  const { version } = tenantControlPlane.spec.kubernetes;
  return minorOf(version) >= FIRST_MINOR && ownAuthorizationFlags(tenantControlPlane).length === 0;
}

/** The flags by which the user says how to authorize. */
export function ownAuthorizationFlags({ spec }: TenantControlPlane): readonly string[] {
  const user = spec.controlPlane.deployment?.extraArgs?.apiServer;
  return USER_FLAGS.filter((flag) => userValue(user, flag) !== undefined);
}

/**
 * The files of that directory (Kubernetes: AuthorizationConfiguration). They belong into one object, so that the API server never
 * sees one without the other, since it does not look again at what it once refused. The kubeconfig's name changes with its content,
 * since nothing else makes the API server read it again.
 */
export function authorizationFiles(
  { spec }: TenantControlPlane,
  writes: WriteAuthorizer | undefined,
): Readonly<Record<string, string>> {
  const apiVersion = minorOf(spec.kubernetes.version) >= FIRST_V1_MINOR ? 'v1' : 'v1beta1';
  const kubeconfig = writes === undefined ? undefined : kubeconfigName(writes.kubeconfig);
  const configuration = {
    apiVersion: `apiserver.config.k8s.io/${apiVersion}`,
    kind: 'AuthorizationConfiguration',
    authorizers: [
      ...(writes === undefined || kubeconfig === undefined ? [] : [webhook(writes.limit, kubeconfig)]),
      { type: 'Node', name: 'node' },
      { type: 'RBAC', name: 'rbac' },
    ],
  };
  return {
    [AUTHORIZATION_FILE]: stringify(configuration, { lineWidth: 0 }),
    ...(writes === undefined || kubeconfig === undefined ? {} : { [kubeconfig]: writes.kubeconfig }),
  };
}

/** Whether a file of that name is the kubeconfig. */
export function isAuthorizerKubeconfig(file: string): boolean {
  return file.endsWith(KUBECONFIG_SUFFIX);
}

const KUBECONFIG_SUFFIX = '.kubeconfig';

function kubeconfigName(kubeconfig: string): string {
  return `manager-${createHash('sha256').update(kubeconfig).digest('hex').slice(0, 16)}${KUBECONFIG_SUFFIX}`;
}

function webhook(limit: WriteLimit, kubeconfig: string) {
  return {
    type: 'Webhook',
    name: 'write-permissions.kamaji.clastix.io',
    webhook: {
      subjectAccessReviewVersion: 'v1',
      matchConditionSubjectAccessReviewVersion: 'v1',
      timeout: '3s',
      // What cannot be asked about is refused: with 500 instead of 403.
      failurePolicy: 'Deny',
      // Nothing is ever allowed by it; a refusal, or none, counts for so long.
      authorizedTTL: '1s',
      unauthorizedTTL: '5s',
      connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: `${AUTHORIZATION_DIRECTORY}/${kubeconfig}` },
      matchConditions: limitedRequests(limit).map((expression) => ({ expression })),
    },
  };
}

function minorOf(version: string): number {
  return semver.coerce(version)?.minor ?? FIRST_MINOR;
}
