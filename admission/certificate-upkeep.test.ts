import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { secrets, validatingWebhookConfigurations } from '#runtime/client/builtin.ts';
import { MANAGER_CERTIFICATE } from '#api/manager-service.ts';
import { issuer } from './issuer.fake.ts';
import { create, isJudged, judgedEdit } from './tenants.fake.ts';
import type { Replica, World } from './world.fake.ts';
import { NAMESPACE, startWorld } from './world.fake.ts';
import { WEBHOOK_CONFIGURATION } from './webhooks.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const own = { namespace: NAMESPACE, name: MANAGER_CERTIFICATE };
const configuration = { name: WEBHOOK_CONFIGURATION };

let world: World;
const client = () => world.management.client;

const secretData = async () => (await client().get(secrets, own))?.data ?? {};
const bundle = async () => (await secretData())['ca.crt'];
const trusted = async () => {
  const live = await client().get(validatingWebhookConfigurations, configuration);
  return (live?.webhooks ?? []).map(({ clientConfig }) => clientConfig.caBundle);
};
const isTrusted = async () => {
  const expected = await bundle();
  const found = await trusted();
  return found.length > 0 && found.every((one) => one === expected);
};

const answers = (name: string): Promise<void> => world.eventually('the webhooks answer', () => isJudged(world, name));

suite('the certificate of the webhooks, on a real API server', () => {
  let replicas: Replica[] = [];
  before(async () => {
    world = await startWorld();
    await world.installWebhooks();
    await create(world, 'judged');
  });
  after(() => world[Symbol.asyncDispose]());

  test('is one, also when all replicas start at once', async () => {
    replicas = await Promise.all([world.startReplica(), world.startReplica()]);
    await world.eventually('it is trusted', isTrusted);
    await eachReplicaAnswers();
  });

  test('a configuration that was deleted and installed anew is trusted again', async () => {
    await client().delete(validatingWebhookConfigurations, configuration);
    await world.installWebhooks();
    await world.eventually('the authority is known again', isTrusted);
    await answers('judged');
  });

  test('an authority that somebody else put in is replaced', async () => {
    const live = await client().get(validatingWebhookConfigurations, configuration);
    assert.ok(live?.webhooks);
    const webhooks = live.webhooks.map((one) => ({
      ...one,
      clientConfig: {
        ...one.clientConfig,
        caBundle: Buffer.from(world.management.caCertificatePem).toString('base64'),
      },
    }));
    await client().replace(validatingWebhookConfigurations, { ...live, webhooks });
    await world.eventually('the authority is known again', isTrusted);
    await answers('judged');
  });

  test('a Secret that was deleted is made anew, and all replicas show what it says', async () => {
    const lost = await bundle();
    await client().delete(secrets, own);
    await world.eventually('there is another authority', async () => ![undefined, lost].includes(await bundle()));
    await world.eventually('it is trusted', isTrusted);
    await eachReplicaAnswers();
  });

  test('another authority is taken into use without one request that fails', { timeout: 120_000 }, async () => {
    await Promise.all(replicas.map((replica) => replica.stop()));
    await client().delete(secrets, own);
    const now = Date.now();
    const names = { dnsNames: [], ipAddresses: ['127.0.0.1'] };
    const authority = await issuer.createAuthority(730 * DAY_MS, new Date(now - 500 * DAY_MS));
    const serving = await issuer.issue(authority, names, 90 * DAY_MS, new Date(now - 10 * DAY_MS));
    const data = {
      'tls.crt': serving.certificatePem,
      'tls.key': serving.privateKeyPem,
      'ca.crt': authority.certificatePem,
      'ca.key': authority.privateKeyPem,
    };
    const encoded = Object.entries(data).map(([name, text]) => [name, Buffer.from(text).toString('base64')]);
    await client().create(secrets, { metadata: own, type: 'kubernetes.io/tls', data: Object.fromEntries(encoded) });
    const initial = await secretData();
    await world.installWebhooks();
    await create(world, 'rotation');

    // The replicas' clocks are behind, so that what they make during the test is valid at once.
    replicas = [await world.startReplica(now - 3 * HOUR_MS), await world.startReplica(now - 3 * HOUR_MS)];
    await world.eventually(
      'both authorities are trusted',
      async () => (await bundle()) !== initial['ca.crt'] && (await isTrusted()),
    );
    await answers('rotation');
    await configurationIsInForce();
    assert.equal((await secretData())['tls.crt'], initial['tls.crt']);

    let requests = 0;
    let failed: unknown;
    const done = new AbortController();
    const load = (async () => {
      for (; !done.signal.aborted; requests++) await judgedEdit(world, 'rotation');
    })().catch((error: unknown) => {
      failed = error;
    });
    const pass = async (hours: number, what: string, holds: () => Promise<boolean>): Promise<void> => {
      await Promise.all(replicas.map(({ clock }) => clock.advance(hours * HOUR_MS)));
      await world.eventually(what, holds);
      const until = requests + 10;
      await world.eventually('requests go on', () => failed !== undefined || requests >= until);
    };
    await pass(1.1, 'the new certificate', async () => (await secretData())['tls.crt'] !== initial['tls.crt']);
    const both = await bundle();
    await pass(1.1, 'the old authority has gone', async () => (await bundle()) !== both && (await isTrusted()));
    done.abort();
    await load;
    assert.ifError(failed);
  });

  async function eachReplicaAnswers(): Promise<void> {
    const all = world.front.targets;
    for (const target of all) {
      world.front.targets = [target];
      await answers('judged');
    }
    world.front.targets = all;
  }

  /** Whatever was written to the configuration before is in force when a webhook that is added now is. */
  async function configurationIsInForce(): Promise<void> {
    const live = await client().get(validatingWebhookConfigurations, configuration);
    assert.ok(live?.webhooks);
    const [first] = live.webhooks;
    assert.ok(first);
    const marker = {
      ...first,
      name: 'marker.test.example',
      rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
      matchConditions: [],
      clientConfig: { url: 'https://127.0.0.1:1/', caBundle: first.clientConfig.caBundle ?? '' },
    };
    await client().replace(validatingWebhookConfigurations, { ...live, webhooks: [...live.webhooks, marker] });
    const isRefused = () =>
      world.management.kubectl(['create', 'configmap', 'marker', '--dry-run=server']).then(
        () => false,
        () => true,
      );
    await world.eventually('the configuration is in force', isRefused);
  }
});
