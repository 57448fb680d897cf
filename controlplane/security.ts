import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type { PodSecurityContext, SecurityContext } from './pod.ts';

/** How the pod's processes and its key files are kept apart from others. */
export interface PodSecurity {
  readonly pod: PodSecurityContext;
  /** Mode of every file that is mounted from a Secret. */
  readonly fileMode: number;
  /** True where only root can read those files, so that every process has to be root. */
  readonly rootOnly: boolean;
}

/**
 * Keys are readable by their owner only while everything runs as root. As soon as the user chooses another identity for the pod
 * or one of its containers, the files belong to a group that all processes are given.
 */
export function podSecurity({ spec }: TenantControlPlane): PodSecurity {
  const { podSecurityContext = {}, containerSecurityContexts = {} } = spec.controlPlane.deployment ?? {};
  const contexts = [
    podSecurityContext,
    ...Object.values(containerSecurityContexts),
    spec.addons?.konnectivity?.server?.securityContext ?? {},
  ];
  const chosen = contexts.find(isNotRoot);
  const seccompProfile = { type: 'RuntimeDefault' };
  if (chosen === undefined && podSecurityContext.fsGroup === undefined) {
    return { pod: { seccompProfile, ...podSecurityContext }, fileMode: 0o600, rootOnly: true };
  }
  const fsGroup = podSecurityContext.fsGroup ?? chosen?.runAsGroup ?? chosen?.runAsUser ?? NON_ROOT;
  return { pod: { seccompProfile, ...podSecurityContext, fsGroup }, fileMode: 0o640, rootOnly: false };
}

/**
 * Options of a container for which the user gives none: no way to more rights than it starts with. The one capability that is
 * left is on upstream's binaries themselves, which could not even be executed without it.
 */
export function containerSecurity(user: SecurityContext | undefined): SecurityContext {
  if (user !== undefined) return user;
  return { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } };
}

// Kubernetes' usual id for "nobody in particular" in images without a shell.
const NON_ROOT = 65532;

function isNotRoot(context: { runAsUser?: number; runAsGroup?: number; runAsNonRoot?: boolean }): boolean {
  return context.runAsNonRoot === true || (context.runAsUser ?? 0) !== 0;
}
