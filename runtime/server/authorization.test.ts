import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { type TestContext, suite, test } from 'node:test';
import { createLogger } from 'winston';
import { type CertificatePair, createAuthority, issue } from '#pki/authority.ts';
import type { AuthorizationServer } from './authorization.ts';
import { createAuthorizationServer } from './authorization.ts';

const now = new Date();
const pairOf = (authority: CertificatePair, commonName: string, usage: 'serverAuth' | 'clientAuth') =>
  issue({
    authority,
    subject: { commonName },
    usages: [usage],
    ipAddresses: ['127.0.0.1'],
    validityMs: 3_600_000,
    now,
  });
const authority = await createAuthority({ commonName: 'ours', now });
const serving = await pairOf(authority, 'server', 'serverAuth');
const tenant = await pairOf(authority, 'tenant-1', 'clientAuth');

async function serve(t: TestContext): Promise<AuthorizationServer> {
  const server = createAuthorizationServer({ host: '127.0.0.1', port: 0, log: createLogger({ silent: true }) });
  server.setCertificate({ ...serving, clientAuthoritiesPem: authority.certificatePem });
  server.handle('/ask', async ({ verb, group, resource, subresource }, _signal, client) =>
    verb === 'create' ? { refusal: `${client} may not ${[verb, group, resource, subresource].join()}` } : {},
  );
  t.after(() => server.close(AbortSignal.abort()));
  await server.listen();
  return server;
}

async function post(server: AuthorizationServer, client: CertificatePair | undefined, body: string) {
  const { certificatePem: ca } = authority;
  const tls = { ca, ...(client && { cert: client.certificatePem, key: client.privateKeyPem }), agent: false };
  const call = request({ host: '127.0.0.1', port: server.port(), path: '/ask?timeout=3s', method: 'POST', ...tls });
  call.end(body);
  const [response] = await once(call, 'response');
  return { status: Number(response.statusCode), body: await text(response) };
}

const review = (resourceAttributes: object | undefined, apiVersion = 'authorization.k8s.io/v1') =>
  JSON.stringify({ apiVersion, kind: 'SubjectAccessReview', spec: { user: 'somebody else', resourceAttributes } });
const statusOf = ({ body }: { body: string }) => JSON.parse(body).status;

suite('authorization server', () => {
  test('knows who asks by the certificate, refuses with a reason, and never allows', async (t) => {
    const server = await serve(t);
    const refused = statusOf(await post(server, tenant, review({ verb: 'create', resource: 'pods' })));
    assert.deepEqual(refused, { allowed: false, denied: true, reason: 'tenant-1 may not create,,pods,' });
    assert.deepEqual(statusOf(await post(server, tenant, review({ verb: 'get' }))), { allowed: false });
  });

  test('hears nobody without a certificate of an authority of ours, made for clients', async (t) => {
    const server = await serve(t);
    const question = review({ verb: 'get' });
    await assert.rejects(post(server, undefined, question));
    const stranger = await pairOf(await createAuthority({ commonName: 'theirs', now }), 'tenant-1', 'clientAuth');
    await assert.rejects(post(server, stranger, question));
    await assert.rejects(post(server, serving, question));
  });

  test('takes the authorities of a new certificate from the next handshake on', async (t) => {
    const server = await serve(t);
    const next = await createAuthority({ commonName: 'next', now });
    const client = await pairOf(next, 'tenant-2', 'clientAuth');
    const bundle = next.certificatePem + authority.certificatePem;
    server.setCertificate({ ...serving, clientAuthoritiesPem: bundle });
    for (const one of [client, tenant]) assert.equal((await post(server, one, review({ verb: 'get' }))).status, 200);
    server.setCertificate({ ...serving, clientAuthoritiesPem: next.certificatePem });
    await assert.rejects(post(server, tenant, review({ verb: 'get' })));
  });

  test('refuses what it does not understand, and what is too large', async (t) => {
    const server = await serve(t);
    for (const body of ['no json', '[]', 'null', review(undefined), review({}, 'authorization.k8s.io/v1beta1')]) {
      assert.equal((await post(server, tenant, body)).status, 400, body);
    }
    assert.equal((await post(server, tenant, review({ verb: 'x'.repeat(1024 * 1024) }))).status, 413);
  });
});
