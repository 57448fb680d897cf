import assert from 'node:assert/strict';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { Writable } from 'node:stream';
import { type TestContext, suite, test } from 'node:test';
import { type TLSSocket, connect } from 'node:tls';
import { once } from 'node:events';
import { type CertificatePair, createAuthority, issue } from '#pki/authority.ts';
import { createLogger } from '../telemetry/logger.ts';
import { type AdmissionServer, createAdmissionServer } from './admission.ts';
import { CertificateMismatchError } from './review-server.ts';

const now = new Date();
const authority = await createAuthority({ commonName: 'webhook-ca', now });
const serving = (commonName: string): Promise<CertificatePair> =>
  issue({
    authority,
    subject: { commonName },
    usages: ['serverAuth'],
    ipAddresses: ['127.0.0.1'],
    validityMs: 3_600_000,
    now,
  });

async function serve(t: TestContext): Promise<AdmissionServer> {
  const log = createLogger({ stream: new Writable({ write: (_chunk, _encoding, done) => done() }) });
  const server = createAdmissionServer({ host: '127.0.0.1', port: 0, log });
  t.after(() => server.close(AbortSignal.abort()));
  return server;
}

async function post(server: AdmissionServer, path: string, body: string): Promise<{ status: number; body: string }> {
  const call = request({
    host: '127.0.0.1',
    port: server.port(),
    path,
    method: 'POST',
    ca: authority.certificatePem,
    agent: false,
  });
  call.end(body);
  const [response] = await once(call, 'response');
  return { status: response.statusCode, body: await text(response) };
}

function review(apiVersion = 'admission.k8s.io/v1'): string {
  const kind = { group: '', version: 'v1', kind: 'ConfigMap' };
  const object = { metadata: { name: 'one' } };
  return JSON.stringify({
    apiVersion,
    kind: 'AdmissionReview',
    request: { uid: 'u1', kind, operation: 'CREATE', object },
  });
}

suite('admission server', () => {
  test('answers a review with the verdict of the handler at its path', async (t) => {
    const server = await serve(t);
    server.setCertificate(await serving('one'));
    server.handle('/deny', async ({ object }) => ({
      allowed: false,
      message: `${object?.metadata?.name} is not wanted`,
    }));
    server.handle('/patch', async () => ({
      allowed: true,
      warnings: ['deprecated'],
      patch: [{ op: 'add', path: '/data', value: { a: '1' } }],
    }));
    await server.listen();
    const denied = await post(server, '/deny?timeout=10s', review());
    const status = { code: 403, reason: 'Forbidden', message: 'one is not wanted' };
    assert.deepEqual(JSON.parse(denied.body), {
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: { uid: 'u1', allowed: false, status },
    });
    const { response } = JSON.parse((await post(server, '/patch', review())).body);
    assert.deepEqual([response.allowed, response.patchType, response.warnings], [true, 'JSONPatch', ['deprecated']]);
    const patch: unknown = JSON.parse(Buffer.from(response.patch, 'base64').toString());
    assert.deepEqual(patch, [{ op: 'add', path: '/data', value: { a: '1' } }]);
  });

  test('leaves the verdict to failurePolicy when a handler fails, and refuses what it does not understand', async (t) => {
    const server = await serve(t);
    server.setCertificate(await serving('one'));
    server.handle('/broken', async () => {
      throw new Error('bug');
    });
    await server.listen();
    assert.equal((await post(server, '/broken', review())).status, 500);
    assert.equal((await post(server, '/broken', review('admission.k8s.io/v1beta1'))).status, 400);
    assert.equal((await post(server, '/broken', 'no json')).status, 400);
    assert.equal((await post(server, '/other', review())).status, 404);
  });

  test('serves a new certificate at the next handshake and keeps open connections', async (t) => {
    const server = await serve(t);
    await server.listen();
    const handshake = async (): Promise<TLSSocket> => {
      const socket = connect({ host: '127.0.0.1', port: server.port(), ca: authority.certificatePem });
      t.after(() => socket.destroy());
      await once(socket, 'secureConnect');
      return socket;
    };
    assert.equal(server.hasCertificate(), false);
    await assert.rejects(handshake());
    server.setCertificate(await serving('first'));
    const open = await handshake();
    assert.equal(open.getPeerCertificate().subject.CN, 'first');
    server.setCertificate(await serving('second'));
    assert.equal((await handshake()).getPeerCertificate().subject.CN, 'second');
    open.write('POST /none HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n');
    const [answer] = await once(open, 'data');
    assert.match(String(answer), /^HTTP\/1.1 404/);
  });

  test('keeps its certificate when the new one does not fit its key', async (t) => {
    const server = await serve(t);
    const [first, second] = await Promise.all([serving('first'), serving('second')]);
    server.setCertificate(first);
    const mixed = { certificatePem: second.certificatePem, privateKeyPem: first.privateKeyPem };
    assert.throws(() => server.setCertificate(mixed), CertificateMismatchError);
    await server.listen();
    assert.equal((await post(server, '/none', '')).status, 404);
  });
});
