import { access, rm, writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import { LabError } from './lab-error.ts';
import { withMachineLock } from './machine-lock.ts';
import type { StepOptions } from './progress.ts';

const policy = '/usr/sbin/policy-rc.d';

/**
 * Installs Debian packages that are not there yet, without starting any of their services.
 *
 * @throws LabError `UnsupportedHost` where that cannot be done
 */
export async function ensureDebianPackages(packages: readonly string[], options: StepOptions): Promise<void> {
  const { signal, report } = options;
  const missing = await missingPackages(packages, signal);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0) {
    throw new LabError('UnsupportedHost', `run as root, or install these packages first: ${missing.join(' ')}`);
  }
  await withMachineLock('apt', { signal, waiting: () => report('waiting for another installation') }, async () => {
    const held = await holdServices();
    try {
      report('updating package lists');
      await apt(['update', '--quiet'], signal);
      report(`installing ${missing.join(', ')}`);
      await apt(['install', '--yes', '--quiet', '--no-install-recommends', ...missing], signal);
    } finally {
      if (held) await rm(policy, { force: true });
    }
  });
}

async function missingPackages(packages: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
  const query = ['--show', '--showformat', '${Package} ${db:Status-Status}\n', ...packages];
  const { stdout, code } = await execa('dpkg-query', query, { cancelSignal: signal, reject: false });
  signal.throwIfAborted();
  if (code === 'ENOENT') {
    throw new LabError('UnsupportedHost', `this is no Debian: install what these packages hold: ${packages.join(' ')}`);
  }
  const installed = new Set(
    stdout.split('\n').flatMap((line) => (line.endsWith(' installed') ? [line.split(' ')[0]] : [])),
  );
  return packages.filter((name) => !installed.has(name));
}

/** Debian asks this program before it starts a service; 101 is "not allowed" (invoke-rc.d's policy layer). */
async function holdServices(): Promise<boolean> {
  const taken = await access(policy).then(
    () => true,
    () => false,
  );
  if (!taken) await writeFile(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  return !taken;
}

async function apt(args: readonly string[], signal: AbortSignal): Promise<void> {
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const { failed, all } = await execa('apt-get', args, { env, cancelSignal: signal, all: true, reject: false });
  signal.throwIfAborted();
  if (!failed) return;
  const lines = all.trim().split('\n').slice(-10).join('\n');
  throw new LabError('UnsupportedHost', `apt-get ${args.join(' ')} failed:\n${lines}`);
}
