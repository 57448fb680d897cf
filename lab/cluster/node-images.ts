import { execa } from 'execa';
import type { Docker } from '../docker/docker.ts';
import { nodeContainer } from '../paths.ts';
import type { StepOptions } from '../progress.ts';

/**
 * Copies those of the engine's images into the management node that it does not have, or has with other content. Answers
 * how many were copied.
 */
export async function ensureNodeImages(
  docker: Docker,
  images: readonly string[],
  { signal, report }: StepOptions,
): Promise<number> {
  const present = await nodeImages(docker);
  const missing: string[] = [];
  for (const image of images) {
    const id = await docker(['image', 'inspect', '--format', '{{.Id}}', image]);
    if (present.get(canonicalName(image)) !== id) missing.push(image);
  }
  if (missing.length === 0) return 0;
  report(`loading ${missing.length} images into the node`);
  const load = ['exec', '-i', nodeContainer, 'ctr', '--namespace', 'k8s.io', 'images', 'import', '-'];
  const options = { cancelSignal: signal, buffer: false } as const;
  await execa('docker', ['save', ...missing], options).pipe('docker', load, options);
  return missing.length;
}

/**
 * The name that containerd gives to an image which Docker calls by its short name: `busybox:1.37` is
 * `docker.io/library/busybox:1.37`. Source: the reference grammar of `distribution/reference`.
 */
export function canonicalName(image: string): string {
  const [first = '', ...rest] = image.split('/');
  if (rest.length === 0) return `docker.io/library/${image}`;
  const isHost = first.includes('.') || first.includes(':') || first === 'localhost';
  return isHost ? image : `docker.io/${image}`;
}

/** Image name → ID in the node's containerd. */
async function nodeImages(docker: Docker): Promise<ReadonlyMap<string, string>> {
  const listing: unknown = JSON.parse(await docker(['exec', nodeContainer, 'crictl', 'images', '--output', 'json']));
  const images = new Map<string, string>();
  for (const { id, repoTags } of imagesIn(listing)) for (const tag of repoTags) images.set(tag, id);
  return images;
}

function imagesIn(listing: unknown): readonly { readonly id: string; readonly repoTags: readonly string[] }[] {
  if (typeof listing !== 'object' || listing === null || !('images' in listing)) return [];
  const { images } = listing;
  if (!Array.isArray(images)) return [];
  return images.flatMap((image: unknown) => {
    if (typeof image !== 'object' || image === null || !('id' in image) || !('repoTags' in image)) return [];
    const { id, repoTags } = image;
    if (typeof id !== 'string' || !Array.isArray(repoTags)) return [];
    return [{ id, repoTags: repoTags.filter((tag): tag is string => typeof tag === 'string') }];
  });
}
