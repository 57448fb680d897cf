import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { execa } from 'execa';
import { LabError } from '../lab-error.ts';
import type { StepOptions } from '../progress.ts';
import type { BinaryName, Release } from './recipes.ts';

/** Downloads an official release to `path`, checked against its published SHA-256 where there is one. */
export async function downloadBinary(
  name: BinaryName,
  release: Release,
  path: string,
  { signal, report }: StepOptions,
): Promise<void> {
  const url = forArchitecture(release.url);
  report(`downloading ${name}`);
  await mkdir(dirname(path), { recursive: true });
  const archive = `${path}.download`;
  const binary = `${path}.new`;
  try {
    const body = await get(url, signal);
    await pipeline(body, createWriteStream(archive), { signal });
    if (release.sha256Url !== undefined) await verify(archive, forArchitecture(release.sha256Url), signal);
    if (release.member === undefined) {
      await rename(archive, binary);
    } else {
      const member = forArchitecture(release.member);
      await execa('tar', ['-xzf', archive, '-O', member], { stdout: { file: binary }, cancelSignal: signal });
    }
    await chmod(binary, 0o755);
    await rename(binary, path);
  } catch (cause) {
    signal.throwIfAborted();
    const remedy = 'try again, or set KAMAJI_LAB_SOURCE=build to build it from source';
    throw new LabError('DownloadFailed', `${name} could not be downloaded from ${url}: ${remedy}`, { cause });
  } finally {
    await rm(archive, { force: true });
    await rm(binary, { force: true });
  }
}

function forArchitecture(template: string): string {
  return template.replaceAll('{arch}', process.arch === 'arm64' ? 'arm64' : 'amd64');
}

async function get(url: string, signal: AbortSignal): Promise<Readable> {
  const answer = await fetch(url, { signal });
  if (!answer.ok || answer.body === null) throw new Error(`${url} answered ${answer.status}`);
  return Readable.fromWeb(answer.body);
}

async function verify(file: string, url: string, signal: AbortSignal): Promise<void> {
  const [expected = ''] = (await (await fetch(url, { signal })).text()).trim().split(/\s+/);
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash, { signal });
  const found = hash.digest('hex');
  if (found !== expected.toLowerCase()) throw new Error(`SHA-256 is ${found}, published is ${expected}`);
}
