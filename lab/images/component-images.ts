import { createHash } from 'node:crypto';
import { mkdir, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';
import { binaryPath, ensureBinaries } from '../binaries/ensure-binaries.ts';
import type { Docker } from '../docker/docker.ts';
import type { StepOptions } from '../progress.ts';
import { buildImage, isCurrent, place } from './build-image.ts';
import { type ComponentImage, type ComponentName, components, dockerfile } from './catalog.ts';
import { debianFiles, debianHash } from './debian-files.ts';

/** Makes sure that the engine has the component's image under all its names; builds it from its binary where not. */
export async function ensureComponentImage(name: ComponentName, docker: Docker, options: StepOptions): Promise<void> {
  const image = components[name];
  const hash = componentHash(name);
  const references = [image.reference, ...(image.aliases ?? [])] as const;
  const current = await Promise.all(references.map((reference) => isCurrent(docker, reference, hash)));
  if (current.every(Boolean)) return;
  const binaries = await ensureBinaries(Object.values(image.files), options);
  options.report(`building image ${image.reference}`);
  await buildImage(docker, references, hash, dockerfile(image), async (context) => {
    const root = join(context, 'root');
    await mkdir(root);
    if (image.packages !== undefined) await unpack(image, root, options);
    for (const [path, binary] of Object.entries(image.files)) await place(binaries[binary], join(root, path));
    for (const [path, target] of Object.entries(image.links ?? {})) await linkTo(target, join(root, path));
  });
}

/** Changes whenever the image would be made otherwise. */
export function componentHash(name: ComponentName): string {
  const { reference, aliases, files, packages, links, ...rest } = components[name];
  const contents = Object.entries(files).map(([path, binary]) => [path, basename(dirname(binaryPath(binary)))]);
  const debian = packages === undefined ? undefined : debianHash('files', packages);
  const inputs = [reference, aliases, contents, debian, links, dockerfile({ reference, files, ...rest })];
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 12);
}

async function unpack({ packages = [] }: ComponentImage, root: string, options: StepOptions): Promise<void> {
  const archive = await debianFiles('files', packages, options);
  await execa('tar', ['--extract', '--file', archive, '--directory', root], { cancelSignal: options.signal });
  if (!packages.some((name) => name.startsWith('busybox'))) return;
  // Debian leaves it to the user to link the commands.
  const busybox = join(root, 'bin', 'busybox');
  const { stdout } = await execa(busybox, ['--list'], { cancelSignal: options.signal });
  for (const command of stdout.split('\n'))
    if (command !== 'busybox') await linkTo('busybox', join(root, 'bin', command));
}

async function linkTo(target: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await symlink(target, path).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  });
}
