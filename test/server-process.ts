import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Program, guard, startProgram, waitUntil } from './child-processes.ts';

/** A server of a test, in a directory of its own, that can be ended and started again. Nothing of it outlives the calling process. */
export interface ServerProcess extends AsyncDisposable {
  readonly directory: string;
  /** Of the process that runs now. */
  pid(): number;
  /** The last lines of what it printed. */
  log(lines?: number): Promise<string>;
  /** Ends it, by SIGKILL with all its children unless told otherwise; the data stay. */
  end(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again at the same address, with its data or, if `empty`, with none. Resolves when it serves. */
  start(options?: { readonly empty?: boolean }): Promise<void>;
  /** Stops it in mid-air, or lets it go on: it accepts connections and answers nothing. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Sends it a signal that it lives through. */
  signal(signal: NodeJS.Signals): void;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

export interface ServerSpec {
  /** Names the program, its directory and its log. */
  readonly name: string;
  command(directory: string, start: { readonly empty: boolean }): readonly [file: string, args: readonly string[]];
  /** Writes what the first start needs beside data. */
  prepare?(directory: string): Promise<void>;
  /** Removes the data, and makes what a start without data needs. */
  clear?(directory: string): Promise<void>;
  /** Whether it serves. */
  answers(): Promise<boolean>;
  /** How long it may take until it does. Default 60 000. */
  readonly timeoutMs?: number;
  /** Ends a start under way. */
  readonly signal?: AbortSignal | undefined;
}

/** Starts such a server and resolves when it serves. Throws ProgramError when it ends before that or takes too long. */
export async function startServer(spec: ServerSpec): Promise<ServerProcess> {
  const { name, timeoutMs = 60_000, signal = new AbortController().signal } = spec;
  const directory = await mkdtemp(join(tmpdir(), `${name}-`));
  let program: Program | undefined;
  let release = guard([], directory);
  const end = async (by: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    // Children that outlive the first process keep its memory, and the next one from starting.
    if (by === 'SIGKILL' && program !== undefined && !program.hasExited()) await signalTree(program.pid, by);
    await program?.end({ signal: by, graceMs: 30_000 });
  };
  const start = async ({ empty = false } = {}): Promise<void> => {
    if (empty) await spec.clear?.(directory);
    const [file, args] = spec.command(directory, { empty });
    const started = await startProgram(name, file, args, join(directory, `${name}.log`));
    program = started;
    const before = release;
    release = guard([started.pid], directory);
    before();
    await waitUntil(started, () => spec.answers(), { timeoutMs, signal });
  };
  const stop = async (): Promise<void> => {
    await end();
    await rm(directory, { recursive: true, force: true });
    release();
  };
  try {
    await spec.prepare?.(directory);
    await start({ empty: true });
  } catch (error) {
    await stop();
    throw error;
  }
  const running = (): Program => {
    if (program === undefined) throw new Error(`${name} was never started`);
    return program;
  };
  return {
    directory,
    pid: () => running().pid,
    log: (lines) => running().log(lines),
    end,
    start,
    freeze: () => signalTree(running().pid, 'SIGSTOP'),
    thaw: () => signalTree(running().pid, 'SIGCONT'),
    signal: (sent) => void process.kill(running().pid, sent),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Sends a signal to a process and to the children that it has. */
async function signalTree(pid: number, signal: NodeJS.Signals): Promise<void> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  for (const one of [pid, ...children.split(' ').filter(Boolean).map(Number)]) {
    try {
      process.kill(one, signal);
    } catch {
      // It has just ended.
    }
  }
}
