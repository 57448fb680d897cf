import { compareBuild, parse } from 'semver';
import type { KamajiControlPlaneStatus } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import type { Pod } from '#runtime/client/builtin.ts';
import { isConditionTrue } from '#runtime/client/conditions.ts';

export type VersionEntries = NonNullable<KamajiControlPlaneStatus['versions']>;

/**
 * The Kubernetes versions that API servers serve at this moment, oldest first, as core wants them (Cluster API contract:
 * `status.versions`). What counts is what ready pods run, never what the spec asks for: workers are upgraded by it. While
 * no pod is ready the versions seen last stay, without a number of pods.
 */
export function versionsOf(pods: readonly Pod[], before: VersionEntries | undefined): VersionEntries | undefined {
  const counts = new Map<string, number>();
  for (const pod of pods) {
    const version = servesVersion(pod);
    if (version !== undefined) counts.set(version, (counts.get(version) ?? 0) + 1);
  }
  if (counts.size === 0) return before?.map(({ version }) => ({ version }));
  return [...counts]
    .map(([version, replicas]) => ({ version, replicas }))
    .sort((one, other) => compareBuild(one.version, other.version));
}

/** What a pod's API server runs, or undefined when it takes no new connections. */
export function servesVersion(pod: Pod): string | undefined {
  if (pod.metadata?.deletionTimestamp !== undefined || !isConditionTrue(pod.status?.conditions, 'Ready'))
    return undefined;
  const image = pod.spec?.containers.find(({ name }) => name === 'kube-apiserver')?.image;
  return image === undefined ? undefined : versionOfImage(image);
}

/** The version in an image's tag, with a leading v; undefined when the tag is none. */
function versionOfImage(image: string): string | undefined {
  const tag = /:([\w][\w.-]*)$/u.exec(image.replace(/@.*$/u, ''))?.[1];
  // A tag cannot hold the plus sign before build metadata; an underscore is the custom.
  const version = tag?.replace('_', '+');
  if (version === undefined || parse(version) === null) return undefined;
  return version.startsWith('v') ? version : `v${version}`;
}
