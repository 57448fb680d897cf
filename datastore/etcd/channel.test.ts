import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type Server, type Socket, createServer } from 'node:net';
import { after, before, suite, test } from 'node:test';
import { createAuthority, issue } from '#pki/authority.ts';
import { freePorts } from '#test/ports.ts';
import { type TlsEtcd, startTlsEtcd } from '#test/tls-etcd.ts';
import type { TlsMaterial } from '../connection.ts';
import { DataStoreError, type DataStoreErrorCode } from '../errors.ts';
import { EtcdChannel } from './channel.ts';
import { etcd } from './protocol.ts';

const never = new AbortController().signal;

suite('connections to an etcd', () => {
  let server: TlsEtcd;
  let tls: TlsMaterial;
  before(async () => {
    server = await startTlsEtcd();
    const { certificatePem: certificate, privateKeyPem: key } = await server.client('root');
    tls = { ca: server.authority.certificatePem, client: { certificate, key } };
  });
  after(() => server.stop());

  test('a port where nothing listens is ConnectionRefused', async () => {
    const [port = 0] = await freePorts(1);
    await failsWith('ConnectionRefused', { endpoints: [`127.0.0.1:${port}`], tls });
  });

  test('a host that does not exist is NameResolutionFailed', async () => {
    await failsWith('NameResolutionFailed', { endpoints: ['no-such-host.invalid:2379'], tls });
  });

  test('an endpoint that accepts and then says nothing is Timeout', async () => {
    await using silent = await silentServer();
    await failsWith('Timeout', { endpoints: [silent.endpoint], tls, timeoutMs: 300 });
  });

  test('a silent endpoint that is asked again and again keeps no connection', async () => {
    await using silent = await silentServer();
    const channel = new EtcdChannel({ endpoints: [silent.endpoint], tls, timeoutMs: 50 });
    for (let attempt = 0; attempt < 5; attempt += 1) {
      await assert.rejects(channel.call(etcd.status, {}, never), (error) => hasCode(error, 'Timeout'));
    }
    await eventually(async () => assert.equal(silent.open(), 0));
    channel.close();
  });

  test('a port that speaks something else than TLS is TLSFailed', async () => {
    await using plain = await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'), '127.0.0.1');
    await failsWith('TLSFailed', { endpoints: [plain.endpoint], tls });
  });

  test('a server that hangs up is ConnectionRefused', async () => {
    await using rude = await listen((socket) => socket.destroy(), '127.0.0.1');
    await failsWith('ConnectionRefused', { endpoints: [rude.endpoint], tls });
  });

  test('an authority that did not sign the server’s certificate is TLSFailed', async () => {
    const { certificatePem: ca } = await createAuthority({ commonName: 'other', now: new Date() });
    await failsWith('TLSFailed', { endpoints: [server.endpoint], tls: { ...tls, ca } });
  });

  test('a host that the server’s certificate does not name is TLSFailed', async () => {
    const endpoint = server.endpoint.replace('127.0.0.1', '127.0.0.2');
    await using forward = await forwardTo(server.endpoint, '127.0.0.2');
    await failsWith('TLSFailed', { endpoints: [endpoint.replace(/:\d+$/u, `:${forward.port}`)], tls });
  });

  test('a client certificate of another authority is TLSFailed', async () => {
    const now = new Date();
    const other = await createAuthority({ commonName: 'etcd', now });
    const subject = { commonName: 'root' };
    const pair = await issue({ authority: other, subject, usages: ['clientAuth'], validityMs: 3_600_000, now });
    const client = { certificate: pair.certificatePem, key: pair.privateKeyPem };
    await failsWith('TLSFailed', { endpoints: [server.endpoint], tls: { ...tls, client } });
  });

  test('an expired client certificate is TLSFailed', async () => {
    const now = new Date(Date.now() - 7_200_000);
    const subject = { commonName: 'root' };
    const { authority } = server;
    const pair = await issue({ authority, subject, usages: ['clientAuth'], validityMs: 3_600_000, now });
    const client = { certificate: pair.certificatePem, key: pair.privateKeyPem };
    await failsWith('TLSFailed', { endpoints: [server.endpoint], tls: { ...tls, client } });
  });

  test('dead and silent endpoints before a living one do not matter', async () => {
    const [port = 0] = await freePorts(1);
    await using silent = await silentServer();
    const endpoints = [`127.0.0.1:${port}`, silent.endpoint, server.endpoint.replace('127.0.0.1', 'localhost')];
    const channel = new EtcdChannel({ endpoints, tls, timeoutMs: 900 });
    const { version } = await channel.call(etcd.status, {}, never);
    assert.match(version, /^3\./u);
    channel.close();
  });

  test('every member that answers is heard when all are asked', async () => {
    const [port = 0] = await freePorts(1);
    const endpoints = [`127.0.0.1:${port}`, server.endpoint, server.endpoint.replace('127.0.0.1', 'localhost')];
    const channel = new EtcdChannel({ endpoints, tls, timeoutMs: 900 });
    assert.equal((await channel.callEach(etcd.status, {}, never)).length, 2);
    channel.close();
    const dead = new EtcdChannel({ endpoints: endpoints.slice(0, 1), tls, timeoutMs: 900 });
    await assert.rejects(dead.callEach(etcd.status, {}, never), (error) => hasCode(error, 'ConnectionRefused'));
    dead.close();
  });

  test('of several endpoints that fail, the one that tells most is reported', async () => {
    const [port = 0] = await freePorts(1);
    await using silent = await silentServer();
    for (const endpoints of [
      [`127.0.0.1:${port}`, silent.endpoint],
      [silent.endpoint, `127.0.0.1:${port}`],
    ]) {
      await failsWith('Timeout', { endpoints, tls, timeoutMs: 200 });
    }
  });

  test('a change that waited for its connection is refused when its turn comes', async () => {
    let connected = false;
    await using forward = await forwardTo(server.endpoint, '127.0.0.1');
    const channel = new EtcdChannel({
      endpoints: [`127.0.0.1:${forward.port}`],
      tls,
      beforeWrite: () => {
        connected = forward.open() > 0;
        throw new Error('not the leader');
      },
    });
    await assert.rejects(channel.call(etcd.authEnable, {}, never), /not the leader/u);
    assert.equal(connected, true);
    assert.equal((await channel.call(etcd.authStatus, {}, never)).enabled, false);
    channel.close();
  });

  test('a store that comes back is found again over the same channel', async () => {
    const channel = new EtcdChannel({ endpoints: [server.endpoint], tls });
    await channel.call(etcd.status, {}, never);
    await server.end();
    await assert.rejects(channel.call(etcd.status, {}, never), (error) => hasCode(error, 'ConnectionRefused'));
    await server.start();
    await eventually(async () => {
      assert.match((await channel.call(etcd.status, {}, never)).version, /^3\./u);
    });
    channel.close();
  });

  test('a connection that fell silent is replaced once the way is free again', async () => {
    await using forward = await forwardTo(server.endpoint, '127.0.0.1');
    const channel = new EtcdChannel({ endpoints: [`127.0.0.1:${forward.port}`], tls, timeoutMs: 500 });
    await channel.call(etcd.status, {}, never);
    forward.swallow(true);
    await assert.rejects(channel.call(etcd.status, {}, never), (error) => hasCode(error, 'Timeout'));
    forward.swallow(false);
    await channel.call(etcd.status, {}, never);
    channel.close();
  });

  test('an aborted call rejects with the reason of its signal', async () => {
    await using silent = await silentServer();
    const channel = new EtcdChannel({ endpoints: [silent.endpoint], tls });
    const controller = new AbortController();
    const call = channel.call(etcd.status, {}, controller.signal);
    const reason = new Error('shutting down');
    controller.abort(reason);
    await assert.rejects(call, reason);
    await assert.rejects(channel.call(etcd.status, {}, controller.signal), reason);
    channel.close();
  });
});

async function failsWith(
  code: DataStoreErrorCode,
  options: ConstructorParameters<typeof EtcdChannel>[0],
): Promise<void> {
  const channel = new EtcdChannel(options);
  await assert.rejects(channel.call(etcd.status, {}, never), (error) => hasCode(error, code));
  channel.close();
}

function hasCode(error: unknown, code: DataStoreErrorCode): boolean {
  assert.ok(error instanceof DataStoreError, String(error));
  assert.equal(error.code, code, error.message);
  assert.ok(error.cause instanceof Error);
  return true;
}

async function eventually(check: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

interface Listener extends AsyncDisposable {
  /** Connections that are open. */
  open(): number;
  readonly port: number;
  readonly endpoint: string;
}

async function silentServer(): Promise<Listener> {
  return listen((socket) => socket.resume(), '127.0.0.1');
}

/** A proxy whose established connections can be made to lose every byte. */
async function forwardTo(target: string, host: string): Promise<Listener & { swallow(on: boolean): void }> {
  const [address = '', port = ''] = target.split(':');
  const present = new Set<{ swallowed: boolean }>();
  const { connect } = await import('node:net');
  const listener = await listen((socket) => {
    const state = { swallowed: false };
    present.add(state);
    const upstream = connect(Number(port), address);
    socket.on('data', (chunk: Buffer) => state.swallowed || upstream.write(chunk));
    upstream.on('data', (chunk: Buffer) => state.swallowed || socket.write(chunk));
    upstream.on('error', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
    upstream.on('close', () => socket.destroy());
  }, host);
  return {
    ...listener,
    swallow: (on) => {
      if (on) for (const state of present) state.swallowed = true;
    },
  };
}

async function listen(onConnection: (socket: Socket) => void, host: string): Promise<Listener> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    onConnection(socket);
  });
  server.listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return {
    port: address.port,
    endpoint: `${host}:${address.port}`,
    open: () => sockets.size,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
