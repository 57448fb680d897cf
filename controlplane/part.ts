import { DEFAULT_REGISTRY } from '#api/kamaji/v1alpha1/defaults.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type { ControlPlaneInput } from './input.ts';
import type { NamesOfControlPlane } from './names.ts';
import type { Container, Volume } from './pod.ts';
import type { PodSecurity } from './security.ts';
import type { Termination } from './termination.ts';

/** One container of the pod and the volumes that exist for it. */
export interface Part {
  readonly container: Container;
  readonly volumes: readonly Volume[];
}

/** What every part of the pod is made of. */
export interface PartContext {
  readonly input: ControlPlaneInput;
  readonly names: NamesOfControlPlane;
  readonly security: PodSecurity;
  readonly termination: Termination;
}

/** Image of a Kubernetes component: `<registry>/<image>:<version><tagSuffix>`. */
export function componentImage(
  { spec }: TenantControlPlane,
  image: 'apiServerImage' | 'controllerManagerImage' | 'schedulerImage',
  defaultImage: string,
): string {
  const settings = spec.controlPlane.deployment?.registrySettings ?? {};
  const registry = settings.registry || DEFAULT_REGISTRY;
  return `${registry}/${settings[image] || defaultImage}:${spec.kubernetes.version}${settings.tagSuffix ?? ''}`;
}
