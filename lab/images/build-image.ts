import { copyFile, link, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ExecaError } from 'execa';
import { cacheDirectory, ensureDirectory } from '../cache-directory.ts';
import type { Docker } from '../docker/docker.ts';
import { LabError } from '../lab-error.ts';

/** On every image the lab makes: a hash of all that went into it. */
export const hashLabel = 'io.kamaji.lab.inputs';

/** Whether the engine has the image, made of exactly these inputs. */
export async function isCurrent(docker: Docker, reference: string, hash: string): Promise<boolean> {
  const format = `{{index .Config.Labels "${hashLabel}"}}`;
  return docker(['image', 'inspect', '--format', format, reference]).then(
    (label) => label === hash,
    () => false,
  );
}

/**
 * Builds an image from a Dockerfile and a folder that `fill` fills, and labels it with the hash.
 *
 * @throws LabError `ImageBuildFailed` with the engine's last lines
 */
export async function buildImage(
  docker: Docker,
  references: readonly [string, ...string[]],
  hash: string,
  dockerfile: string,
  fill: (context: string) => Promise<void>,
): Promise<void> {
  // Beside the binaries, so that they can be linked instead of copied.
  const context = await mkdtemp(join(await ensureDirectory(cacheDirectory(), 'contexts'), 'image-'));
  try {
    await writeFile(join(context, 'Dockerfile'), dockerfile);
    await fill(context);
    const tags = references.flatMap((reference) => ['--tag', reference]);
    const offline = ['--network', 'none', '--pull=false'];
    await docker(['build', '--quiet', '--force-rm', ...offline, '--label', `${hashLabel}=${hash}`, ...tags, context]);
  } catch (cause) {
    if (!(cause instanceof ExecaError)) throw cause;
    const lines = String(cause.stderr).trim().split('\n').slice(-10).join('\n');
    throw new LabError('ImageBuildFailed', `${references[0]} could not be built:\n${lines}`, { cause });
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

/** Puts a file into an image context without copying it where the file system allows. */
export async function place(file: string, destination: string): Promise<void> {
  await mkdir(dirname(destination), { recursive: true });
  await link(file, destination).catch(() => copyFile(file, destination));
}
