import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createLogger } from 'winston';
import { createAuthority, issue } from '#pki/authority.ts';
import { type ControlPlane, startControlPlane } from '#test/control-plane.ts';
import { configMaps, validatingWebhookConfigurations, mutatingWebhookConfigurations } from '../client/builtin.ts';
import { ApiError } from '../client/errors.ts';
import { createAdmissionServer } from './admission.ts';

// Tier 3: a real kube-apiserver calls the admission server.
let controlPlane: ControlPlane;
before(async () => {
  controlPlane = await startControlPlane();
});
after(() => controlPlane.stop());

const namespace = 'default';

test('a real API server obeys verdicts and patches, also of a new authority', { timeout: 60_000 }, async (t) => {
  const { client } = controlPlane;
  const server = createAdmissionServer({ host: '127.0.0.1', port: 0, log: createLogger({ silent: true }) });
  server.handle('/default', async () => ({
    allowed: true,
    patch: [{ op: 'add', path: '/data', value: { by: 'default' } }],
  }));
  server.handle('/validate', async ({ object, operation, userInfo }) =>
    object?.metadata?.name?.startsWith('bad') === true
      ? {
          allowed: false,
          message: `${operation} of ${object.metadata.name} by ${userInfo.username}: choose another name`,
        }
      : { allowed: true, warnings: ['this was looked at'] },
  );
  await server.listen();
  t.after(() => server.close(AbortSignal.abort()));

  // Gives the server a certificate of a new authority, and the API server that authority's certificate.
  const trustAnew = async (): Promise<void> => {
    const now = new Date();
    const authority = await createAuthority({ commonName: 'webhook-ca', now });
    const subject = { commonName: 'webhook' };
    const ipAddresses = ['127.0.0.1'];
    const validityMs = 3_600_000;
    server.setCertificate(await issue({ authority, subject, usages: ['serverAuth'], ipAddresses, validityMs, now }));
    const webhook = (path: string) => ({
      name: `${path}.test.example`,
      clientConfig: {
        url: `https://127.0.0.1:${server.port()}/${path}`,
        caBundle: Buffer.from(authority.certificatePem).toString('base64'),
      },
      rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      failurePolicy: 'Fail',
    });
    const metadata = { name: 'test' };
    const manager = { fieldManager: 'test' };
    await client.apply(validatingWebhookConfigurations, { metadata, webhooks: [webhook('validate')] }, manager);
    await client.apply(mutatingWebhookConfigurations, { metadata, webhooks: [webhook('default')] }, manager);
  };
  const create = (name: string) => client.create(configMaps, { metadata: { namespace, name } });
  // The API server takes a changed configuration into use a moment after it has stored it.
  const isObeyed = async (name: string): Promise<boolean> => {
    try {
      const { data } = await create(name);
      await client.delete(configMaps, { namespace, name });
      return data?.['by'] === 'default';
    } catch (error) {
      if (error instanceof ApiError && error.status === 500) return false;
      throw error;
    }
  };

  for (const round of ['first', 'second']) {
    await trustAnew();
    while (!(await isObeyed(`good-${round}`)));
    await assert.rejects(create(`bad-${round}`), (error) => {
      assert.ok(error instanceof ApiError && error.isForbidden);
      assert.match(error.message, new RegExp(`CREATE of bad-${round} by test-admin: choose another name`));
      return true;
    });
  }
});
