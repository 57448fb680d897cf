import { setTimeout as sleep } from 'node:timers/promises';
import { copyImages } from '../docker/copy-images.ts';
import type { Docker } from '../docker/docker.ts';
import { LabError } from '../lab-error.ts';
import { hashLabel } from './build-image.ts';

export interface Preload {
  /** Node image to start from. */
  readonly from: string;
  /** Images of the engine that go into its containerd. */
  readonly images: readonly string[];
  readonly to: string;
  readonly hash: string;
  readonly entrypoint: readonly string[];
}

/**
 * Makes a node image whose containerd already holds other images: its containerd runs alone in a temporary container,
 * takes them in, and the container is committed.
 */
export async function preload({ from, images, to, hash, entrypoint }: Preload, docker: Docker, signal: AbortSignal) {
  const isolated = ['--privileged', '--network', 'none'];
  const container = await docker(['create', ...isolated, '--entrypoint', 'containerd', from]);
  try {
    await docker(['start', container]);
    await containerdAnswers(docker, container, signal);
    await copyImages(images, container, signal);
    await docker(['exec', container, 'sh', '-euc', discardLayers]);
    // Its own signal, not the node's: the database must be closed before it is copied.
    await docker(['kill', '--signal', 'TERM', container]);
    await docker(['wait', container]);
    const changes = [`ENTRYPOINT ${JSON.stringify(entrypoint)}`, `LABEL ${hashLabel}=${hash}`];
    await docker(['commit', ...changes.flatMap((change) => ['--change', change]), container, to]);
  } finally {
    await docker(['rm', '--force', '--volumes', container]);
  }
}

/**
 * Layers have been unpacked, and their archives would only be copied into every node's volume; the rest of an image's content
 * is JSON. Removing an image's name with --sync is what makes containerd collect garbage at once.
 */
export const discardLayers = `
  ctr() { command ctr --namespace k8s.io "$@"; }
  for digest in $(ctr content ls --quiet); do
    if [ "$(ctr content get "$digest" | head -c 1)" != "{" ]; then ctr content rm "$digest" >/dev/null; fi
  done
  ctr images tag "$(ctr images ls --quiet | head -n 1)" kamaji-lab/garbage
  ctr images rm --sync kamaji-lab/garbage`;

async function containerdAnswers(docker: Docker, container: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const answers = await docker(['exec', container, 'ctr', 'version']).then(
      () => true,
      () => false,
    );
    if (answers) return;
    if ((await docker(['inspect', '--format', '{{.State.Running}}', container])) !== 'true') {
      const output = await docker(['logs', '--tail', '10', container]);
      throw new LabError('ImageBuildFailed', `containerd did not start in the node image:\n${output}`);
    }
    await sleep(200, undefined, { signal });
  }
}
