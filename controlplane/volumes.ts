import type { KeyToPath, Volume, VolumeProjection } from './pod.ts';

/** Where kubeadm keeps keys and certificates; extra arguments of users name files below it. */
export const PKI_DIRECTORY = '/etc/kubernetes/pki';

/**
 * A read-only volume of chosen keys of Secrets and ConfigMaps: a container sees what it needs and nothing else. Files are
 * replaced in place when the sources change.
 */
export function projectedVolume(name: string, fileMode: number, sources: VolumeProjection[]): Volume {
  return { name, projected: { defaultMode: fileMode, sources } };
}

/** Keys of a Secret, each under the path given, relative to the mount. */
export function secretFiles(name: string, paths: Readonly<Record<string, string>>): VolumeProjection {
  return { secret: { name, items: items(paths) } };
}

/** All keys of a Secret, each under its own name, also those that it will come to have. */
export function wholeSecret(name: string): VolumeProjection {
  return { secret: { name } };
}

/** Keys of a ConfigMap, each under the path given, relative to the mount. */
export function configMapFiles(name: string, paths: Readonly<Record<string, string>>): VolumeProjection {
  return { configMap: { name, items: items(paths) } };
}

/** A directory in memory in which two containers of the pod share a socket. */
export function socketVolume(name: string): Volume {
  return { name, emptyDir: { medium: 'Memory' } };
}

function items(paths: Readonly<Record<string, string>>): KeyToPath[] {
  return Object.entries(paths).map(([key, path]) => ({ key, path }));
}
