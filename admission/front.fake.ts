import { once } from 'node:events';
import { type Socket, connect, createServer } from 'node:net';

/** What a Service is to replicas: one address, each new connection to the next of them. */
export interface Front {
  readonly port: number;
  /** Ports of the replicas that are ready. */
  targets: readonly number[];
  /** Ends every connection and resolves when clients have noticed, so that their next requests make new ones. */
  cut(): Promise<void>;
  close(): Promise<void>;
}

export async function startFront(): Promise<Front> {
  const clients = new Set<Socket>();
  let turn = 0;
  const guarded = (socket: Socket): Socket => socket.on('error', () => socket.destroy());
  const server = createServer((near) => {
    guarded(near);
    clients.add(near);
    near.once('close', () => clients.delete(near));
    const target = front.targets[turn++ % front.targets.length];
    if (target === undefined) {
      near.destroy();
      return;
    }
    const far = guarded(connect(target, '127.0.0.1'));
    near.pipe(far);
    far.pipe(near);
    near.once('close', () => far.destroy());
    far.once('close', () => near.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');
  const front: Front = {
    port: address.port,
    targets: [],
    cut: async () => {
      await Promise.all(
        [...clients].map(async (socket) => {
          const closed = once(socket, 'close');
          socket.end();
          await closed;
        }),
      );
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of clients) socket.destroy();
      await closed;
    },
  };
  return front;
}
