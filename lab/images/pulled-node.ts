import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { ensureBinaries } from '../binaries/ensure-binaries.ts';
import type { Docker } from '../docker/docker.ts';
import { LabError } from '../lab-error.ts';
import type { StepOptions } from '../progress.ts';
import { kubernetesVersion, versions } from '../versions.ts';
import { buildImage, isCurrent } from './build-image.ts';

/** kind's own node image for exactly the lab's Kubernetes, with kind's own pod network. */
export const kindNode = `kamaji-lab/kind-node:${kubernetesVersion}-${versions.kind}`;
const files = {
  '/usr/local/bin/lab-cni': 'node/lab-cni.sh',
  '/etc/systemd/system/lab-cni.service': 'node/lab-cni.service',
};
const wanted = '/etc/systemd/system/multi-user.target.wants/lab-cni.service';

/**
 * The worker image where everything can be pulled: kind's own, which kind makes from the official release, plus the service that
 * makes the pod network. Both node images are there afterwards.
 */
export async function ensurePulledNode(reference: string, docker: Docker, options: StepOptions): Promise<void> {
  const sources = Object.entries(files).map(
    ([path, file]) => [path, fileURLToPath(new URL(file, import.meta.url))] as const,
  );
  const digest = createHash('sha256').update(kindNode);
  for (const [path, source] of sources) digest.update(path).update(await readFile(source));
  const hash = digest.digest('hex').slice(0, 12);
  await ensureKindNode(docker, options);
  if (await isCurrent(docker, reference, hash)) return;
  options.report(`building node image ${reference}`);
  await buildImage(docker, [reference], hash, `FROM ${kindNode}\nCOPY root/ /\n`, async (context) => {
    const root = join(context, 'root');
    for (const [path, source] of sources) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await copyFile(source, join(root, path));
      await chmod(join(root, path), path.endsWith('.service') ? 0o644 : 0o755);
    }
    await mkdir(dirname(join(root, wanted)), { recursive: true });
    await symlink('../lab-cni.service', join(root, wanted));
  });
}

async function ensureKindNode(docker: Docker, options: StepOptions): Promise<void> {
  if ((await docker(['images', '--quiet', kindNode])) !== '') return;
  const { kind } = await ensureBinaries(['kind'], options);
  options.report(`pulling the parts of a node image for ${kubernetesVersion}`);
  const args = ['build', 'node-image', kubernetesVersion, '--image', kindNode];
  const { failed, all } = await execa(kind, args, { cancelSignal: options.signal, all: true, reject: false });
  options.signal.throwIfAborted();
  if (!failed) return;
  const lines = all.trim().split('\n').slice(-10).join('\n');
  throw new LabError('ImageBuildFailed', `kind build node-image failed:\n${lines}`);
}
