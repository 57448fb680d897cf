import { connect, createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Holds a lock that all processes of this machine share while `work` runs. The lock is a listening local socket, so the
 * kernel frees it when its holder dies; those who wait keep a connection to the holder and wake when it ends.
 */
export async function withMachineLock<T>(
  name: string,
  options: { readonly signal: AbortSignal; readonly waiting?: () => void },
  work: () => Promise<T>,
): Promise<T> {
  const address = socketAddress(name);
  let server = await tryListen(address);
  while (server === undefined) {
    options.signal.throwIfAborted();
    options.waiting?.();
    await holderEnds(address, options.signal);
    server = await tryListen(address);
  }
  const held = server;
  try {
    options.signal.throwIfAborted();
    return await work();
  } finally {
    for (const socket of waiters.get(held) ?? []) socket.destroy();
    await new Promise<void>((resolve) => held.close(() => resolve()));
  }
}

const waiters = new WeakMap<Server, Set<{ destroy(): void }>>();

function socketAddress(name: string): string {
  const id = `kamaji-lab-${name.replaceAll(/[^a-zA-Z0-9.-]/g, '_')}`;
  // Linux's abstract socket names leave no file behind; elsewhere a file does the same, cleaned up when found dead.
  return process.platform === 'linux' ? `\0${id}` : join(tmpdir(), `${id}.sock`);
}

async function tryListen(address: string): Promise<Server | undefined> {
  const sockets = new Set<{ destroy(): void }>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  waiters.set(server, sockets);
  server.listen(address);
  try {
    await once(server, 'listening');
    server.unref();
    return server;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return undefined;
    throw error;
  }
}

async function holderEnds(address: string, signal: AbortSignal): Promise<void> {
  const socket = connect(address);
  try {
    await once(socket, 'close', { signal });
  } catch (error) {
    signal.throwIfAborted();
    const refused = error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
    if (refused && !address.startsWith('\0')) await rm(address, { force: true });
  } finally {
    socket.destroy();
  }
}
