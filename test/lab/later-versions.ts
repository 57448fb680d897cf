import type { Docker } from '#lab/docker/docker.ts';
import { nodeContainer } from '#lab/paths.ts';
import { versions } from '#lab/versions.ts';

/**
 * So many patch versions after that of the lab, for control planes to change to: the lab has no other programs, so their images
 * are those of the present one under another name.
 */
export async function tagLaterVersion(docker: Docker, patches: number): Promise<string> {
  const later = versions.kubernetes.replace(/\d+$/u, (patch) => String(Number(patch) + patches));
  for (const component of ['apiserver', 'controller-manager', 'scheduler']) {
    const image = `registry.k8s.io/kube-${component}`;
    const images = [`${image}:v${versions.kubernetes}`, `${image}:v${later}`];
    await docker(['exec', nodeContainer, 'ctr', '-n', 'k8s.io', 'images', 'tag', '--force', ...images]);
  }
  return `v${later}`;
}
