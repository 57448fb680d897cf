import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testBinaries } from './binaries.ts';
import { type Program, freePorts, guard, startProgram, waitUntil } from './child-processes.ts';

/** A real kine, which speaks etcd's protocol for another store. */
export interface Kine extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`, to be given to kube-apiserver. */
  readonly endpoint: string;
  /** Ends the process, by SIGKILL, and starts it again at the same address. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts kine on a free loopback port; `store` is its `--endpoint`, `caPem` whom it trusts. Resolves when it accepts connections. */
export async function startKine(store: string, caPem: string): Promise<Kine> {
  const [{ kine: file }, [port = 0, metricsPort = 0], directory] = await Promise.all([
    testBinaries(['kine'], new AbortController().signal),
    freePorts(2),
    mkdtemp(join(tmpdir(), 'kine-')),
  ]);
  await writeFile(join(directory, 'ca.crt'), caPem);
  const args = [
    `--listen-address=tcp://127.0.0.1:${port}`,
    `--metrics-bind-address=127.0.0.1:${metricsPort}`,
    `--ca-file=${join(directory, 'ca.crt')}`,
    `--endpoint=${store}`,
  ];
  let program: Program | undefined;
  let release = guard([], directory);
  const launch = async (): Promise<void> => {
    const started = await startProgram('kine', file, args, join(directory, 'kine.log'));
    program = started;
    const before = release;
    release = guard([started.pid], directory);
    before();
    await waitUntil(started, () => accepts(port), { timeoutMs: 60_000 });
  };
  const stop = async (): Promise<void> => {
    await program?.end({ signal: 'SIGKILL' });
    await rm(directory, { recursive: true, force: true });
    release();
  };
  try {
    await launch();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async restart() {
      await program?.end({ signal: 'SIGKILL' });
      await launch();
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
