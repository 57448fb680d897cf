import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { openAuditLog } from './audit-log.ts';

let directory = '';
let path = '';
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'audit-log-'));
});
beforeEach(async () => {
  path = join(directory, 'audit.log');
  await writeFile(path, '');
});
after(() => rm(directory, { recursive: true }));

test('finished requests are told in order, those under way are not', async () => {
  const log = openAuditLog(path);
  await appendFile(path, line('one') + line('begun', 'RequestReceived') + line('two'));
  assert.deepEqual(await uris(log), ['one', 'two']);
});

test('what was read once is not read again', async () => {
  const log = openAuditLog(path);
  await appendFile(path, line('one'));
  await log.events();
  // Were it read from its beginning, this would not be JSON.
  await writeFile(path, 'x'.repeat(Buffer.byteLength(line('one'))));
  await appendFile(path, line('two'));
  assert.deepEqual(await uris(log), ['one', 'two']);
});

test('a line that is only half written is told once it is whole', async () => {
  const log = openAuditLog(path);
  const text = line('one');
  await appendFile(path, text.slice(0, 20));
  assert.deepEqual(await uris(log), []);
  await appendFile(path, text.slice(20));
  assert.deepEqual(await uris(log), ['one']);
});

test('two who ask at the same time hear of each request once', async () => {
  const log = openAuditLog(path);
  await appendFile(path, line('one') + line('two'));
  const [first, second] = await Promise.all([uris(log), uris(log)]);
  assert.deepEqual(
    [first, second],
    [
      ['one', 'two'],
      ['one', 'two'],
    ],
  );
});

test('after a failure the next one who asks hears of everything', async () => {
  const log = openAuditLog(path);
  await rm(path);
  await assert.rejects(log.events(), { code: 'ENOENT' });
  await writeFile(path, line('one'));
  assert.deepEqual(await uris(log), ['one']);
});

async function uris(log: ReturnType<typeof openAuditLog>): Promise<string[]> {
  return (await log.events()).map(({ requestURI }) => requestURI);
}

function line(requestURI: string, stage = 'ResponseComplete'): string {
  return `${JSON.stringify({ stage, verb: 'get', requestURI, user: { username: 'ä', groups: ['g'] } })}\n`;
}
