import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { execa } from 'execa';
import type { Docker } from '../docker/docker.ts';
import { LabError } from '../lab-error.ts';
import type { StepOptions } from '../progress.ts';
import type { Source } from '../source.ts';

// A host of its own: clusterctl wants full names, and the engine lists those of docker.io without their host.
const repository = 'kamaji.lab/manager';
const baseRepository = 'kamaji-lab/node-base';

/**
 * Builds the provider's image from the checkout's working tree and answers its reference, whose tag is a hash of all that
 * goes into it: the same tree gives the same reference and costs one bundling.
 *
 * @throws LabError `ImageBuildFailed`
 */
export async function buildProviderImage(
  checkout: string,
  docker: Docker,
  source: Source,
  options: StepOptions,
): Promise<string> {
  options.report('bundling');
  await bundle(checkout, options.signal);
  const base = source === 'pull' ? [] : ['--build-arg', `BASE_IMAGE=${await ensureNodeBase(docker, options)}`];
  const image = `${repository}:${await contentHash(checkout, base)}`;
  if ((await docker(['images', '--quiet', image])) !== '') return image;
  options.report(`building ${image}`);
  const dockerfile = join(checkout, 'Dockerfile');
  await docker(['build', '--quiet', '--target', 'prebuilt', ...base, '--tag', image, '--file', dockerfile, checkout]);
  await removeOthers(docker, image);
  return image;
}

async function bundle(checkout: string, signal: AbortSignal): Promise<void> {
  const { failed, all } = await execa('npm', ['run', '--silent', 'build'], {
    cwd: checkout,
    cancelSignal: signal,
    all: true,
    reject: false,
  });
  signal.throwIfAborted();
  if (failed) throw new LabError('ImageBuildFailed', `the provider could not be bundled:\n${all}`);
}

async function contentHash(checkout: string, buildArguments: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(buildArguments.join(' '));
  hash.update(await readFile(join(checkout, 'Dockerfile')));
  hash.update(await readFile(join(checkout, 'dist', 'manager.mjs')));
  return hash.digest('hex').slice(0, 12);
}

async function removeOthers(docker: Docker, image: string): Promise<void> {
  const known = (await docker(['images', '--format', '{{.Repository}}:{{.Tag}}', repository])).split('\n');
  const old = known.filter((reference) => reference !== '' && reference !== image);
  if (old.length > 0) await docker(['image', 'rm', ...old]).catch(() => '');
}

/**
 * An image with nothing but the Node that runs this program and the libraries it is linked with, laid out like the
 * distroless one (`/nodejs/bin/node`), for machines that can pull no base image.
 */
async function ensureNodeBase(docker: Docker, { signal, report }: StepOptions): Promise<string> {
  const files = new Map([[process.execPath, '/nodejs/bin/node']]);
  for (const library of await linkedLibraries(process.execPath, signal)) files.set(library, library);
  const image = `${baseRepository}:${await hashFiles([...files.keys()])}`;
  if ((await docker(['images', '--quiet', image])) !== '') return image;
  report(`building ${image}`);
  const context = await mkdtemp(join(tmpdir(), 'node-base-'));
  try {
    for (const [from, to] of files) {
      const path = join(context, 'root', to);
      await mkdir(dirname(path), { recursive: true });
      await cp(from, path, { dereference: true });
    }
    const users = 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n';
    await mkdir(join(context, 'root', 'etc'), { recursive: true });
    await writeFile(join(context, 'root', 'etc', 'passwd'), users);
    await writeFile(join(context, 'Dockerfile'), 'FROM scratch\nCOPY root/ /\nUSER 65532:65532\n');
    await docker(['build', '--quiet', '--tag', image, context]);
  } finally {
    await rm(context, { recursive: true, force: true });
  }
  return image;
}

async function linkedLibraries(binary: string, signal: AbortSignal): Promise<readonly string[]> {
  const { stdout } = await execa('ldd', [binary], { cancelSignal: signal });
  return [...stdout.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].map(([, path = '']) => path);
}

async function hashFiles(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) await pipeline(createReadStream(path), hash, { end: false });
  return hash.digest('hex').slice(0, 12);
}
