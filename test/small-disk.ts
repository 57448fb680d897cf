import { execFile, spawn } from 'node:child_process';
import { mkdtemp, open, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A file system of its own that can run full, with what is made in it. Needs root. */
export interface SmallDisk extends AsyncDisposable {
  /** Has whatever `work` makes in the directory for temporary files made on it. */
  holding<T>(work: () => Promise<T>): Promise<T>;
  /** Takes all the room that is left. */
  fill(): Promise<void>;
  /** Gives back what `fill` took. */
  empty(): Promise<void>;
}

const run = promisify(execFile);

/** Mounts a disk in memory; it goes with the calling process, however that ends. */
export async function mountSmallDisk(mebibytes: number): Promise<SmallDisk> {
  const directory = await mkdtemp(join(tmpdir(), 'small-disk-'));
  await run('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=1777`, 'small-disk', directory]);
  const release = unmountAfterThisProcess(directory);
  const ballast = join(directory, 'ballast');
  return {
    async holding(work) {
      const before = process.env['TMPDIR'];
      process.env['TMPDIR'] = directory;
      try {
        return await work();
      } finally {
        if (before === undefined) delete process.env['TMPDIR'];
        else process.env['TMPDIR'] = before;
      }
    },
    async fill() {
      const file = await open(ballast, 'a');
      try {
        // Large pieces first, so that little is left when they do not fit any more.
        for (const bytes of [2 ** 20, 4_096]) await writeUntilFull(file, Buffer.alloc(bytes));
      } finally {
        await file.close();
      }
    },
    empty: () => rm(ballast, { force: true }),
    async [Symbol.asyncDispose]() {
      await run('umount', [directory]);
      release();
      await rmdir(directory);
    },
  };
}

async function writeUntilFull(file: Awaited<ReturnType<typeof open>>, piece: Buffer): Promise<void> {
  try {
    for (;;) await file.write(piece);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  }
}

/** As `guard` of child processes: a shell that waits for the end of a pipe outlives even SIGKILL. */
function unmountAfterThisProcess(directory: string): () => void {
  const script = 'cat >/dev/null; sleep 1; umount -l "$1"; rmdir "$1"';
  const shell = spawn('/bin/sh', ['-c', script, 'small-disk', directory], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.unref();
  if (shell.stdin !== null && 'unref' in shell.stdin && typeof shell.stdin.unref === 'function') shell.stdin.unref();
  return () => void shell.kill('SIGKILL');
}
