import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { until } from '../clock.fake.ts';
import { configMaps } from './builtin.ts';
import { createTransport } from './transport.ts';
import type { Transport } from './transport.ts';
import { type Watch, openWatch } from './watch.ts';

const expired = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
const error = `${JSON.stringify({ type: 'ERROR', object: expired })}\n`;

const watches: ServerResponse[] = [];
let connections = 0;
const server = createServer((_, response) => {
  response.flushHeaders();
  watches.push(response);
});
server.on('connection', () => {
  connections += 1;
});
let transport: Transport;
const stop = new AbortController();

beforeEach(async () => {
  watches.length = 0;
  connections = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  transport = createTransport({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
afterEach(async () => {
  await transport.close();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

const open = (): Promise<Watch<object>> =>
  openWatch(transport, configMaps, {}, { resourceVersion: '1', timeoutSeconds: 300, signal: stop.signal });

async function refused(watch: Watch<object>): Promise<void> {
  const read = async (): Promise<void> => {
    for await (const batch of watch.batches) assert.deepEqual(batch, []);
  };
  await assert.rejects(read, { code: 'EXPIRED' });
}

test('the watch after one that the server refused as too old needs no new connection', async () => {
  const watch = await open();
  watches[0]?.end(error);
  await refused(watch);
  await until(() => watches[0]?.closed === true);
  // What the server has written is there for us at the latest in the next turn.
  await nextTurn();
  await open();
  assert.deepEqual([watches.length, connections], [2, 1]);
});

test('a refused watch that goes on nevertheless is cut off', async () => {
  const watch = await open();
  const [response] = watches;
  assert.ok(response);
  response.write(error);
  await refused(watch);
  assert.equal(response.closed, false);
  response.write(error);
  await until(() => response.closed);
});
