import assert from 'node:assert/strict';
import { getEventListeners, once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { createServer as createNetServer } from 'node:net';
import { suite, test } from 'node:test';
import { createAuthority, issue } from '#pki/authority.ts';
import { FakeClock, until } from '../clock.fake.ts';
import type { RequestSample } from './metrics.ts';
import { createTransport } from './transport.ts';
import type { TransportOptions } from './transport.ts';

interface Served extends AsyncDisposable {
  readonly url: string;
}

async function serve(listener: RequestListener, port = 0): Promise<Served> {
  const server = createServer(listener).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A transport that is closed at the end of its scope, and what it reported. */
function open(options: TransportOptions) {
  const samples: RequestSample[] = [];
  const transport = createTransport({ ...options, metrics: { requestFinished: (sample) => samples.push(sample) } });
  return { ...transport, samples, [Symbol.asyncDispose]: () => transport.close() };
}

test('requests carry path prefix, token, agent and body', async () => {
  const seen: unknown[] = [];
  await using server = await serve((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { authorization, accept, 'content-type': contentType, 'user-agent': agent } = request.headers;
      seen.push([request.method, request.url, authorization, accept, contentType, agent, body]);
      response.setHeader('x-test', 'yes').end('{"ok":true}');
    });
  });
  let tokens = 0;
  await using transport = open({
    server: `${server.url}/clusters/c1/`,
    bearerToken: () => Promise.resolve(`t${++tokens}`),
    userAgent: 'tester/1',
    hostClass: 'management',
  });
  const answer = await transport.request({ method: 'PATCH', path: '/api/v1/x?y=z', body: '{}', contentType: 'a/b' });
  assert.deepEqual([answer.status, answer.body, answer.headers['x-test']], [200, '{"ok":true}', 'yes']);
  await transport.request({ method: 'GET', path: '/version' });
  assert.deepEqual(seen, [
    ['PATCH', '/clusters/c1/api/v1/x?y=z', 'Bearer t1', 'application/json', 'a/b', 'tester/1', '{}'],
    ['GET', '/clusters/c1/version', 'Bearer t2', 'application/json', undefined, 'tester/1', ''],
  ]);
  assert.deepEqual(
    transport.samples.map(({ method, code, host }) => [method, code, host]),
    [
      ['PATCH', '200', 'management'],
      ['GET', '200', 'management'],
    ],
  );
});

test('200 requests in a row use one TLS connection, on which the client certificate is shown', async () => {
  const now = new Date();
  const validityMs = 3_600_000;
  const authority = await createAuthority({ commonName: 'test', now });
  const serving = await issue({
    authority,
    subject: { commonName: 'server' },
    usages: ['serverAuth'],
    ipAddresses: ['127.0.0.1'],
    validityMs,
    now,
  });
  const client = await issue({ authority, subject: { commonName: 'me' }, usages: ['clientAuth'], validityMs, now });
  const server = createTlsServer(
    {
      cert: serving.certificatePem,
      key: serving.privateKeyPem,
      ca: authority.certificatePem,
      requestCert: true,
      rejectUnauthorized: true,
    },
    (_request, response) => response.end('{}'),
  ).listen(0, '127.0.0.1');
  let handshakes = 0;
  server.on('secureConnection', () => handshakes++);
  await once(server, 'listening');
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  {
    const tls = { ca: authority.certificatePem, cert: client.certificatePem, key: client.privateKeyPem };
    await using transport = open({ server: url, tls, connections: 1 });
    for (let i = 0; i < 200; i++) await transport.request({ method: 'GET', path: '/' });
    assert.equal(handshakes, 1);

    await using stranger = open({ server: url, tls: {} });
    await assert.rejects(stranger.request({ method: 'GET', path: '/' }), { code: 'TLS_ERROR' });
    await using misnamed = open({ server: url, tls: { ...tls, serverName: 'elsewhere' } });
    await assert.rejects(misnamed.request({ method: 'GET', path: '/' }), { code: 'TLS_ERROR' });
    await using trusting = open({ server: url, tls: { ...tls, ca: '', insecureSkipVerify: true } });
    assert.equal((await trusting.request({ method: 'GET', path: '/' })).status, 200);
  }
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

test('an answer that is not a success is an ApiError with the time to stay away', async () => {
  await using server = await serve((_request, response) => {
    response
      .writeHead(429, { 'retry-after': '2' })
      .end('{"kind":"Status","reason":"TooManyRequests","message":"slow"}');
  });
  await using transport = open({ server: server.url });
  const expected = { name: 'ApiError', code: 'TOO_MANY_REQUESTS', retryAfterMs: 2000, message: 'GET /a: 429: slow' };
  await assert.rejects(transport.request({ method: 'GET', path: '/a?token=x' }), expected);
  await assert.rejects(transport.stream({ method: 'GET', path: '/a' }), expected);
  assert.deepEqual(
    transport.samples.map(({ code }) => code),
    ['429', '429'],
  );
});

test('a server that falls silent, as behind a half-open connection, costs the time-out and no more', async () => {
  let arrived = 0;
  await using server = await serve(() => arrived++);
  const clock = new FakeClock();
  await using transport = open({ server: server.url, clock });
  const silent = assert.rejects(transport.request({ method: 'GET', path: '/' }), {
    code: 'TIMEOUT',
    message: 'GET /: no answer in 30000 ms',
  });
  const silentStream = assert.rejects(transport.stream({ method: 'GET', path: '/', timeoutMs: 40_000 }), {
    code: 'TIMEOUT',
  });
  await until(() => arrived === 2);
  await clock.advance(30_000);
  await silent;
  assert.deepEqual(clock.pending(), [10_000]);
  await clock.advance(10_000);
  await silentStream;
  assert.deepEqual(
    transport.samples.map(({ code, durationMs }) => [code, durationMs]),
    [
      ['<error>', 30_000],
      ['<error>', 40_000],
    ],
  );
  assert.deepEqual(clock.pending(), []);
});

test('a body that stops half-way costs the time-out, too', async () => {
  const half = Promise.withResolvers<void>();
  await using server = await serve((_request, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('{', () => half.resolve());
  });
  const clock = new FakeClock();
  await using transport = open({ server: server.url, clock });
  const cut = assert.rejects(transport.request({ method: 'GET', path: '/' }), { code: 'TIMEOUT' });
  await half.promise;
  await clock.advance(30_000);
  await cut;
});

test('a credential plugin that hangs costs the time-out, and the signal ends the wait for it', async () => {
  await using server = await serve((_request, response) => response.end('{}'));
  const clock = new FakeClock();
  await using transport = open({ server: server.url, clock, bearerToken: () => new Promise(() => {}) });
  const timedOut = assert.rejects(transport.request({ method: 'GET', path: '/' }), { code: 'TIMEOUT' });
  await clock.advance(30_000);
  await timedOut;
  const stop = new AbortController();
  const call = transport.stream({ method: 'GET', path: '/', signal: stop.signal });
  stop.abort(new Error('enough'));
  await assert.rejects(call, /enough/);
  assert.deepEqual(clock.pending(), []);
});

suite('a server that nobody reaches yet', () => {
  const refusing = async (unreachableForMs: number) => {
    const gone = await serve(() => {});
    await gone[Symbol.asyncDispose]();
    const clock = new FakeClock();
    const transport = open({ server: gone.url, clock, unreachableForMs });
    // Beside the deadline of the request.
    const waits = () => until(() => clock.pending().length === 2);
    return { clock, transport, waits, port: Number(new URL(gone.url).port) };
  };

  test('is sent a request once it is there', async () => {
    const { clock, transport, waits, port } = await refusing(2_000);
    await using _ = transport;
    const answer = transport.request({ method: 'PATCH', path: '/', body: '{}' });
    await waits();
    let requests = 0;
    await using server = await serve((_request, response) => {
      requests += 1;
      response.end('{}');
    }, port);
    assert.ok(server.url.endsWith(`:${port}`));
    await clock.advance(100);
    assert.equal((await answer).status, 200);
    assert.equal(requests, 1);
    assert.deepEqual(
      transport.samples.map(({ code }) => code),
      ['200'],
    );
  });

  test('is connected to again when it leaves a connection unanswered', async () => {
    const validityMs = 3_600_000;
    const now = new Date();
    const authority = await createAuthority({ commonName: 'ca', validityMs, now });
    const ipAddresses = ['127.0.0.1'];
    const serving = await issue({
      authority,
      subject: { commonName: 'server' },
      usages: ['serverAuth'],
      ipAddresses,
      validityMs,
      now,
    });
    const answering = createTlsServer({ cert: serving.certificatePem, key: serving.privateKeyPem }, (_, response) =>
      response.end('{}'),
    );
    const sockets: Socket[] = [];
    const listening = createNetServer((socket) => {
      if (sockets.push(socket) > 1) answering.emit('connection', socket);
    }).listen(0, '127.0.0.1');
    await once(listening, 'listening');
    const server = `https://127.0.0.1:${(listening.address() as AddressInfo).port}`;
    const tls = { ca: authority.certificatePem };
    {
      await using transport = open({ server, tls, connectTimeoutMs: 200, unreachableForMs: 20_000 });
      assert.equal((await transport.request({ method: 'GET', path: '/' })).status, 200);
      assert.ok(sockets.length > 1);
    }
    for (const socket of sockets) socket.destroy();
    listening.close();
    await once(listening, 'close');
  });

  test('is given up after the time that was given', async () => {
    const { clock, transport, waits } = await refusing(150);
    await using _ = transport;
    const refused = assert.rejects(transport.request({ method: 'GET', path: '/' }), { code: 'CONNECTION_REFUSED' });
    for (let attempt = 1; attempt <= 2; attempt++) {
      await waits();
      await clock.advance(100);
    }
    await refused;
    assert.deepEqual(clock.pending(), []);
  });
});

test('a refused connection and a reset one are told apart', async () => {
  const gone = await serve(() => {});
  await gone[Symbol.asyncDispose]();
  await using refused = open({ server: gone.url });
  await assert.rejects(refused.request({ method: 'GET', path: '/' }), { code: 'CONNECTION_REFUSED' });

  await using server = await serve((request) => request.socket.destroy());
  await using reset = open({ server: server.url });
  await assert.rejects(reset.request({ method: 'GET', path: '/' }), { code: 'CONNECTION_RESET' });
});

test('an aborted signal ends the call with its own reason, before and during', async () => {
  await using server = await serve(() => {});
  await using transport = open({ server: server.url });
  const reason = new Error('enough');
  const before = AbortSignal.abort(reason);
  await assert.rejects(transport.request({ method: 'GET', path: '/', signal: before }), reason);
  const during = new AbortController();
  const call = transport.request({ method: 'GET', path: '/', signal: during.signal });
  during.abort(reason);
  await assert.rejects(call, reason);
});

test('calls that are over leave nothing on a signal that lives on', async () => {
  await using server = await serve((request, response) => {
    if (request.url === '/refused') response.writeHead(500);
    response.end('{}');
  });
  await using transport = open({ server: server.url });
  const { signal } = new AbortController();
  for (let call = 0; call < 3; call++) {
    await transport.request({ method: 'GET', path: '/', signal });
    await assert.rejects(transport.request({ method: 'GET', path: '/refused', signal }), { status: 500 });
    await assert.rejects(transport.stream({ method: 'GET', path: '/refused', signal }), { status: 500 });
    const stream = await transport.stream({ method: 'GET', path: '/', signal });
    for await (const chunk of stream) assert.equal(String(chunk), '{}');
    await until(() => stream.closed);
  }
  assert.deepEqual(getEventListeners(signal, 'abort'), []);
});

test('what the process refuses is never sent', async () => {
  const seen: (string | undefined)[] = [];
  await using server = await serve((request, response) => {
    seen.push(request.method);
    response.end('{}');
  });
  let leading = true;
  await using transport = open({
    server: server.url,
    beforeSend: (method) => {
      if (!leading && method !== 'GET') throw new Error('not the leader');
    },
  });
  await transport.request({ method: 'POST', path: '/', body: '{}' });
  leading = false;
  await transport.request({ method: 'GET', path: '/' });
  await assert.rejects(transport.request({ method: 'POST', path: '/', body: '{}' }), { code: 'NOT_SENT' });
  assert.deepEqual(seen, ['POST', 'GET']);
});

test('a request that waited for a socket is refused when its turn comes', async () => {
  const seen: (string | undefined)[] = [];
  let answer = (): void => {};
  await using server = await serve((request, response) => {
    seen.push(request.url);
    answer = () => response.end('{}');
  });
  let leading = true;
  await using transport = open({
    server: server.url,
    connections: 1,
    beforeSend: () => {
      if (!leading) throw new Error('not the leader');
    },
  });
  const first = transport.request({ method: 'PUT', path: '/1', body: '{}' });
  const second = transport.request({ method: 'PUT', path: '/2', body: '{}' });
  await until(() => seen.length === 1);
  leading = false;
  answer();
  await first;
  await assert.rejects(second, { code: 'NOT_SENT' });
  assert.deepEqual(seen, ['/1']);
});

test('a stream outlives the time-out of its request and ends with its signal', async () => {
  let more = (): void => {};
  await using server = await serve((_request, response) => {
    response.write('a');
    more = () => response.write('b');
  });
  const clock = new FakeClock();
  await using transport = open({ server: server.url, clock });
  const controller = new AbortController();
  const stream = await transport.stream({ method: 'GET', path: '/', signal: controller.signal });
  assert.deepEqual(clock.pending(), []);
  let text = '';
  const reading = (async () => {
    for await (const chunk of stream) text += String(chunk);
  })();
  await until(() => text === 'a');
  await clock.advance(3_600_000);
  more();
  await until(() => text === 'ab');
  controller.abort(new Error('enough'));
  await assert.rejects(reading, /enough/);
});

test('close ends streams and lets requests finish', async () => {
  let answer: (() => void) | undefined;
  await using server = await serve((request, response) => {
    if (request.url === '/stream') response.write('a');
    else answer = () => response.end('{}');
  });
  const transport = open({ server: server.url });
  const stream = await transport.stream({ method: 'GET', path: '/stream' });
  const request = transport.request({ method: 'GET', path: '/' });
  await until(() => answer !== undefined);
  const closing = transport.close();
  await until(() => stream.closed);
  answer?.();
  assert.equal((await request).status, 200);
  await closing;
});

test('close cuts off what is not answered when its time is up', async () => {
  let arrived = 0;
  let connections = 0;
  await using server = await serve((request) => {
    arrived++;
    connections++;
    request.socket.once('close', () => connections--);
  });
  const transport = open({ server: server.url });
  const unanswered = assert.rejects(transport.request({ method: 'GET', path: '/' }), { name: 'NetworkError' });
  await until(() => arrived === 1);
  const limit = new AbortController();
  const closing = transport.close(limit.signal);
  limit.abort(new Error('time is up'));
  await closing;
  await unanswered;
  await until(() => connections === 0);
  await assert.rejects(transport.request({ method: 'GET', path: '/' }), { name: 'NetworkError' });
  await transport.close(AbortSignal.abort());
});
