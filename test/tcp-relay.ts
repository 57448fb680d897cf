import { once } from 'node:events';
import { type Socket, connect, createServer } from 'node:net';

/** A TCP relay on a loopback port that can fall silent (connections stand, nothing passes, new ones hang) or be cut. */
export interface TcpRelay {
  readonly port: number;
  /** From now on nothing passes either way. */
  silence(): void;
  /** Breaks all connections, and new ones at once, until `mend`. */
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

/** Relays every connection to a port of the loopback address. */
export async function startTcpRelay(targetPort: number): Promise<TcpRelay> {
  const sockets = new Set<Socket>();
  let silent = false;
  let isCut = false;
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    return socket.on('error', () => socket.destroy());
  };
  const server = createServer((near) => {
    keep(near);
    if (isCut) near.resetAndDestroy();
    if (silent || isCut) return;
    const far = keep(connect(targetPort, '127.0.0.1'));
    near.pipe(far);
    far.pipe(near);
    near.once('close', () => far.destroy());
    far.once('close', () => near.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');
  return {
    port: address.port,
    silence: () => {
      silent = true;
      for (const socket of sockets) socket.unpipe().pause();
    },
    cut: () => {
      isCut = true;
      for (const socket of sockets) socket.resetAndDestroy();
    },
    mend: () => {
      isCut = false;
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
