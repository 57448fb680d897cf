import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { ProgramError } from './child-processes.ts';

/** Below the ports that Linux gives to outgoing connections, one of which could otherwise take a server's place while it restarts. */
const LOWEST = 10_000;
const HIGHEST = 30_000;

/** Different free TCP ports of the loopback address; another process may take one before it is used, so callers try again. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = randomInt(LOWEST, HIGHEST);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

/** Starts a server anew while another process takes the port that was chosen for it. */
export async function withFreePort<T>(start: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start();
    } catch (error) {
      const portTaken = error instanceof ProgramError && /address already in use/iu.test(error.output);
      if (!portTaken || attempt === 3) throw error;
    }
  }
}

/** Whether something accepts connections to that port of the loopback address. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch {
    return false;
  }
  await once(server.close(), 'close');
  return true;
}
