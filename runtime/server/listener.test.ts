import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { suite, test } from 'node:test';
import { close, listen } from './listener.ts';

suite('closing a server', () => {
  test('lets a request under way finish', async () => {
    const arrived = Promise.withResolvers<() => void>();
    const server = createServer((_request, response) => arrived.resolve(() => response.end('done')));
    const port = await listen(server, { host: '127.0.0.1', port: 0 });
    const answer = fetch(`http://127.0.0.1:${port}/`);
    const finish = await arrived.promise;
    const closed = close(server, new AbortController().signal);
    finish();
    assert.equal(await (await answer).text(), 'done');
    await closed;
  });

  test('cuts it off when time is up', async () => {
    const server = createServer(() => {});
    const port = await listen(server, { host: '127.0.0.1', port: 0 });
    const answer = fetch(`http://127.0.0.1:${port}/`);
    await once(server, 'request');
    const limit = new AbortController();
    const closed = close(server, limit.signal);
    limit.abort();
    await assert.rejects(answer);
    await closed;
  });

  test('an address in use is an error', async () => {
    const server = createServer();
    const port = await listen(server, { host: '127.0.0.1', port: 0 });
    await assert.rejects(listen(createServer(), { host: '127.0.0.1', port }), { code: 'EADDRINUSE' });
    await close(server, new AbortController().signal);
  });
});
