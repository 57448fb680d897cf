import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** A started program. Its output goes to a file, and it does not keep the Node process alive. */
export interface Program {
  readonly name: string;
  readonly pid: number;
  /** Resolves when the program has ended, with what it was ended by. */
  readonly exited: Promise<string>;
  hasExited(): boolean;
  /** The last lines of what it printed. */
  log(lines?: number): Promise<string>;
  /** Sends SIGTERM (or the given signal), after `graceMs` SIGKILL, and waits for the end. */
  end(options?: { readonly graceMs?: number; readonly signal?: NodeJS.Signals }): Promise<void>;
}

/** Starts a program with its output in `logPath`. Throws when the file cannot be executed. */
export async function startProgram(
  name: string,
  file: string,
  args: readonly string[],
  logPath: string,
): Promise<Program> {
  const output = openSync(logPath, 'a');
  const child = spawn(file, [...args], { stdio: ['ignore', output, output] });
  closeSync(output);
  await once(child, 'spawn');
  child.unref();
  const { pid } = child;
  if (pid === undefined) throw new Error(`${name} (${file}) did not start`);
  const hasExited = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const exited = waitForExit(child);
  return {
    name,
    pid,
    exited,
    hasExited,
    log: async (lines = 20) => (await readFile(logPath, 'utf8')).trimEnd().split('\n').slice(-lines).join('\n'),
    end: async ({ graceMs = 5_000, signal = 'SIGTERM' } = {}) => {
      if (hasExited()) return;
      child.ref();
      child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

/**
 * Watches over programs and a directory on behalf of this process: when it ends for whatever reason without having
 * called the returned function, even by SIGKILL, the programs are killed and the directory is removed. A shell that
 * waits for the end of a pipe does this: no exit handler of our own would survive SIGKILL.
 */
export function guard(pids: readonly number[], directory: string): () => void {
  const script = 'cat >/dev/null; directory=$1; shift; kill -9 "$@" 2>/dev/null; sleep 0.2; rm -rf "$directory"';
  const shell = spawn('/bin/sh', ['-c', script, 'guard', directory, ...pids.map(String)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.unref();
  if (shell.stdin !== null && 'unref' in shell.stdin && typeof shell.stdin.unref === 'function') shell.stdin.unref();
  return () => {
    shell.kill('SIGKILL');
  };
}

/** Asks every 50 ms until `probe` is true; throws with the program's last output when it ends before, or on time-out. */
export async function waitUntil(
  program: Program,
  probe: () => Promise<boolean>,
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<void> {
  const deadline = performance.now() + options.timeoutMs;
  for (;;) {
    options.signal?.throwIfAborted();
    if (program.hasExited()) throw new ProgramError(program.name, await program.exited, await program.log());
    if (await probe()) return;
    if (performance.now() > deadline) {
      throw new ProgramError(program.name, `not ready after ${options.timeoutMs} ms`, await program.log());
    }
    await sleep(50, undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
}

/** A program ended or stayed silent where it should have served. */
export class ProgramError extends Error {
  readonly code = 'PROGRAM_FAILED';
  readonly output: string;

  constructor(program: string, what: string, output: string) {
    super(`${program}: ${what}\n${output}`);
    this.name = 'ProgramError';
    this.output = output;
  }
}

async function waitForExit(child: ChildProcess): Promise<string> {
  await once(child, 'exit');
  return child.signalCode === null ? `exit code ${child.exitCode}` : `signal ${child.signalCode}`;
}
