import { createHash } from 'node:crypto';
import { access, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { cacheDirectory, ensureDirectory } from '../cache-directory.ts';
import { ensureDebianPackages } from '../debian-packages.ts';
import { LabError } from '../lab-error.ts';
import { withMachineLock } from '../machine-lock.ts';
import type { StepOptions } from '../progress.ts';
import { versions } from '../versions.ts';

/**
 * `files`: just what the packages and their dependencies hold, nothing configured, without documentation.
 * `system`: a small Debian with the packages installed, as a machine would have it.
 */
export type DebianVariant = 'files' | 'system';

const unneeded = [
  'usr/share/doc',
  'usr/share/man',
  'usr/share/locale',
  'usr/share/info',
  'var/cache/apt',
  'var/lib/apt/lists',
];

/**
 * Path of a tar archive (cached) with the files of Debian packages.
 *
 * @throws LabError `UnsupportedHost`, `ImageBuildFailed`
 */
export async function debianFiles(
  variant: DebianVariant,
  packages: readonly string[],
  options: StepOptions,
): Promise<string> {
  const archive = join(await ensureDirectory(cacheDirectory(), 'debian'), `${debianHash(variant, packages)}.tar`);
  if (await isFile(archive)) return archive;
  await ensureDebianPackages(['mmdebstrap'], options);
  const { signal, report } = options;
  const waiting = () => report('waiting for another process that fetches Debian packages');
  await withMachineLock('debian', { signal, waiting }, async () => {
    if (await isFile(archive)) return;
    report(`fetching Debian packages: ${packages.slice(0, 3).join(', ')}${packages.length > 3 ? ', …' : ''}`);
    await mmdebstrap(variant, packages, archive, signal);
  });
  return archive;
}

/** Changes whenever the archive would be made otherwise. */
export function debianHash(variant: DebianVariant, packages: readonly string[]): string {
  const inputs = [versions.debian, process.arch, variant, packages, unneeded];
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 12);
}

async function mmdebstrap(
  variant: DebianVariant,
  packages: readonly string[],
  archive: string,
  signal: AbortSignal,
): Promise<void> {
  const unfinished = `${archive}.new.tar`;
  const strip = unneeded.map((path) => `--customize-hook=rm -rf "$1"/${path}`);
  const gconv = variant === 'files' ? ['--customize-hook=rm -rf "$1"/usr/lib/*/gconv'] : [];
  const mode = variant === 'files' ? 'extract' : 'minbase';
  const args = [
    `--variant=${mode}`,
    `--include=${packages.join(',')}`,
    ...strip,
    ...gconv,
    versions.debian,
    unfinished,
  ];
  const { failed, all } = await execa('mmdebstrap', args, { cancelSignal: signal, all: true, reject: false });
  if (failed) await rm(unfinished, { force: true });
  signal.throwIfAborted();
  if (failed)
    throw new LabError('ImageBuildFailed', `mmdebstrap failed:\n${all.trim().split('\n').slice(-10).join('\n')}`);
  await rename(unfinished, archive);
}

async function isFile(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
