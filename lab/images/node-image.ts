import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { binaryPath, ensureBinaries } from '../binaries/ensure-binaries.ts';
import type { Docker } from '../docker/docker.ts';
import type { StepOptions } from '../progress.ts';
import { buildImage, isCurrent, place } from './build-image.ts';
import { type ComponentName, components } from './catalog.ts';
import { componentHash } from './component-images.ts';
import { debianFiles, debianHash } from './debian-files.ts';
import { nodeBinaries, nodeLinks, nodePackages, nodeScripts, nodeTexts, nodeUnits, shimPath } from './node-files.ts';
import { discardLayers, preload } from './preload.ts';

const entrypoint = ['/usr/local/bin/entrypoint', '/sbin/init'];
const emptyNode = 'kamaji-lab/node';

/** A node image that is built here, and the components that its containerd holds from the start. */
export interface NodeImage {
  readonly reference: string;
  readonly components: readonly ComponentName[];
}

/**
 * Makes sure that the engine has the node images, each made from the one before it, so that they share layers. The
 * components' own images must be there.
 *
 * @param shim whether the nodes' containers must be run by the runc stand-in
 */
export async function ensureNodeImages(
  images: readonly NodeImage[],
  shim: boolean,
  docker: Docker,
  options: StepOptions,
): Promise<void> {
  const emptyHash = await nodeHash(shim);
  let hash = emptyHash;
  let from = `${emptyNode}:${emptyHash}`;
  let made: readonly ComponentName[] = [];
  for (const image of images) {
    const added = image.components.filter((name) => !made.includes(name));
    const parts = added.map((name) => [name, componentHash(name)]);
    hash = createHash('sha256')
      .update(JSON.stringify([hash, image.reference, parts, discardLayers]))
      .digest('hex')
      .slice(0, 12);
    if (!(await isCurrent(docker, image.reference, hash))) {
      if (made.length === 0) await ensureEmptyNode(from, shim, docker, options);
      options.report(`building node image ${image.reference}`);
      const names = added.flatMap((name) => [components[name].reference, ...(components[name].aliases ?? [])]);
      await preload({ from, images: names, to: image.reference, hash, entrypoint }, docker, options.signal);
    }
    from = image.reference;
    made = [...made, ...added];
  }
  await removeOtherTags(docker, [`${emptyNode}:${emptyHash}`, debianReference()]);
}

/** The node image without any component. Its tag is the hash of all that is in it. */
async function ensureEmptyNode(reference: string, shim: boolean, docker: Docker, options: StepOptions): Promise<void> {
  const [, hash = ''] = reference.split(':');
  if (await isCurrent(docker, reference, hash)) return;
  const base = await ensureDebian(docker, options);
  const binaries = await ensureBinaries(Object.values(nodeBinaries), options);
  options.report(`building ${reference}`);
  const dockerfile = [
    `FROM ${base}`,
    'COPY root/ /',
    'ENV container=docker',
    'STOPSIGNAL SIGRTMIN+3',
    `ENTRYPOINT ${JSON.stringify(entrypoint)}`,
  ];
  await buildImage(docker, [reference], hash, `${dockerfile.join('\n')}\n`, async (context) => {
    const root = join(context, 'root');
    for (const [path, binary] of Object.entries(nodeBinaries)) await place(binaries[binary], join(root, path));
    for (const [path, file] of Object.entries(ownFiles(shim))) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await copyFile(file, join(root, path));
      await chmod(join(root, path), path.endsWith('.service') ? 0o644 : 0o755);
    }
    for (const [path, text] of Object.entries(nodeTexts(shim))) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
    for (const [path, target] of Object.entries(nodeLinks)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await symlink(target, join(root, path));
    }
    for (const path of ['/etc/kubernetes/manifests', '/etc/cni/net.d'])
      await mkdir(join(root, path), { recursive: true });
  });
}

async function ensureDebian(docker: Docker, options: StepOptions): Promise<string> {
  const reference = debianReference();
  if ((await docker(['images', '--quiet', reference])) !== '') return reference;
  const archive = await debianFiles('system', nodePackages, options);
  options.report('importing the nodes’ Debian');
  await docker(['import', archive, reference]);
  return reference;
}

function debianReference(): string {
  return `kamaji-lab/debian:${debianHash('system', nodePackages)}`;
}

/** Removes what earlier inputs made; what a container still uses stays. */
async function removeOtherTags(docker: Docker, kept: readonly string[]): Promise<void> {
  for (const reference of kept) {
    const [repository = ''] = reference.split(':');
    const known = (await docker(['images', '--format', '{{.Repository}}:{{.Tag}}', repository])).split('\n');
    const old = known.filter((other) => other !== '' && other !== reference);
    for (const other of old) await docker(['image', 'rm', other]).catch(() => '');
  }
}

async function nodeHash(shim: boolean): Promise<string> {
  const hash = createHash('sha256').update(debianHash('system', nodePackages));
  for (const [path, binary] of Object.entries(nodeBinaries)) hash.update(path + basename(dirname(binaryPath(binary))));
  for (const [path, file] of Object.entries(ownFiles(shim))) hash.update(path).update(await readFile(file));
  return hash
    .update(JSON.stringify([nodeTexts(shim), nodeLinks, entrypoint]))
    .digest('hex')
    .slice(0, 12);
}

/** Path in the node image → path of the lab's own file. */
function ownFiles(shim: boolean): Readonly<Record<string, string>> {
  const local = { ...nodeScripts, ...nodeUnits, ...(shim ? { [shimPath]: '../docker/runc-shim.sh' } : {}) };
  const entries = Object.entries(local).map(([path, file]) => [path, fileURLToPath(new URL(file, import.meta.url))]);
  return Object.fromEntries(entries);
}
