import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { testBinaries } from './binaries.ts';
import { accepts, freePorts } from './ports.ts';
import { startServer } from './server-process.ts';

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
  const [{ kine }, [port = 0, metricsPort = 0]] = await Promise.all([
    testBinaries(['kine'], new AbortController().signal),
    freePorts(2),
  ]);
  const server = await startServer({
    name: 'kine',
    command: (directory) => [
      kine,
      [
        `--listen-address=tcp://127.0.0.1:${port}`,
        `--metrics-bind-address=127.0.0.1:${metricsPort}`,
        `--ca-file=${join(directory, 'ca.crt')}`,
        `--endpoint=${store}`,
      ],
    ],
    prepare: (directory) => writeFile(join(directory, 'ca.crt'), caPem),
    answers: () => accepts(port),
  });
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async restart() {
      await server.end();
      await server.start();
    },
    stop: () => server.stop(),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
