import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { suite, test } from 'node:test';
import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { namesOfControlPlane } from '#controlplane/names.ts';
import { tenant } from '#controlplane/tenant-control-plane.fake.ts';
import type { ConnectionConfig } from '#datastore/connection.ts';
import type { Driver, TenantAccess } from '#datastore/driver.ts';
import type { DataStoreErrorCode } from '#datastore/errors.ts';
import { DataStoreError } from '#datastore/errors.ts';
import type { Connection } from '#datastore/pool.ts';
import { DataStoreConfigError } from '#datastore/resolve.ts';
import { createAuthority, isIssuedBy } from '#pki/authority.ts';
import { parseCertificate, parseCertificates } from '#pki/inspect.ts';
import type { Secret } from '#runtime/client/builtin.ts';
import { secretObject } from '../secrets.ts';
import { chooseDataStore, reconcileStorage } from './storage.ts';
import type { StorageInput } from './storage.ts';

const NOW = new Date('2026-11-22T10:00:00Z');
const signal = new AbortController().signal;
const objectNames = namesOfControlPlane('demo');
const authority = await createAuthority({ commonName: 'etcd', now: NOW });

function store(name: string, status?: DataStore['status'], metadata: DataStore['metadata'] = {}): DataStore {
  return {
    apiVersion: 'kamaji.clastix.io/v1alpha1',
    kind: 'DataStore',
    metadata: { name, ...metadata },
    spec: { driver: 'etcd', endpoints: ['etcd:2379'] },
    ...(status === undefined ? {} : { status }),
  };
}

/** The tenant `demo`, with what a test says of its place in a store. */
function onStore(
  spec: Partial<TenantControlPlane['spec']>,
  storage?: object,
  metadata: object = {},
): TenantControlPlane {
  const base = tenant();
  return {
    ...base,
    metadata: { ...base.metadata, creationTimestamp: '2026-02-01T00:00:00Z', ...metadata },
    spec: { ...base.spec, ...spec },
    ...(storage === undefined ? {} : { status: { storage } }),
  };
}

suite('the DataStore of a tenant', () => {
  const one = store('one', { ready: true, identity: 'a' });
  const marked = store('marked', {}, { annotations: { 'kamaji.clastix.io/default-datastore': 'true' } });
  const older = onStore({ dataStore: 'one', dataStoreSchema: 'same' }, undefined, {
    name: 'older',
    uid: 'other',
    creationTimestamp: '2026-01-01T00:00:00Z',
  });
  const cases: readonly [
    why: string,
    result: string,
    tenant: TenantControlPlane,
    dataStores: readonly DataStore[],
    options?: { defaultDataStore?: string; makeDefaultDataStore?: boolean },
  ][] = [
    ['it is the one that the spec names', 'one', onStore({ dataStore: 'one' }), [marked, one]],
    ['a tenant that names none gets the default one', 'marked', onStore({}), [one, marked]],
    [
      'the flag names the default one before any annotation does',
      'one',
      onStore({}),
      [one, marked],
      { defaultDataStore: 'one' },
    ],
    [
      'where the data are counts, whatever the spec says by now',
      'one',
      onStore({ dataStore: 'marked' }, { dataStoreName: 'one', identity: 'a' }),
      [one, marked],
    ],
    ['none is named and none is the default', 'DataStoreMissing', onStore({}), [one]],
    ['one is made for tenants that name none', 'DataStoreCreating', onStore({}), [one], { makeDefaultDataStore: true }],
    [
      'none is made for a tenant whose data are somewhere',
      'DataStoreMissing',
      onStore({}, { identity: 'a' }),
      [],
      { makeDefaultDataStore: true },
    ],
    ['the spec names one that does not exist', 'DataStoreNotFound', onStore({ dataStore: 'two' }), [one]],
    [
      'another store has come to stand behind the name',
      'DataStoreMismatch',
      onStore({ dataStore: 'one' }, { dataStoreName: 'one', identity: 'b' }),
      [one],
    ],
    [
      'a store that has not been looked at yet is not another one',
      'new',
      onStore({ dataStore: 'new' }, { dataStoreName: 'new', identity: 'b' }),
      [store('new')],
    ],
    [
      'a NATS has a tenant already',
      'SchemaTaken',
      onStore({ dataStore: 'one' }),
      [{ ...one, spec: { driver: 'NATS', endpoints: ['nats:4222'] } }],
    ],
    [
      'an older tenant has that schema there',
      'SchemaTaken',
      onStore({ dataStore: 'one', dataStoreSchema: 'same' }),
      [one],
    ],
  ];
  for (const [why, result, subject, dataStores, options = {}] of cases) {
    test(`${result}: ${why}`, () => {
      const { value, finding } = chooseDataStore(subject, dataStores, [subject, older], {
        makeDefaultDataStore: false,
        ...options,
      });
      assert.equal(value?.metadata.name ?? finding?.reason, result);
      assert.equal(value === undefined, finding?.status === 'False');
    });
  }
});

suite('a place in a store', () => {
  const config: ConnectionConfig = {
    driver: 'etcd',
    endpoints: ['etcd:2379'],
    tls: { ca: authority.certificatePem, caKey: authority.privateKeyPem },
    fingerprint: '',
  };
  const ready = store('one', { ready: true, identity: 'a' });
  const withPassword: ConnectionConfig = { driver: 'MySQL', endpoints: ['db:3306'], fingerprint: '' };

  function connection(over: ConnectionConfig, ensureTenant: (access: TenantAccess) => void = () => {}): Connection {
    const unused = (): never => {
      throw new Error('not used here');
    };
    const driver: Driver = {
      driver: over.driver,
      probe: unused,
      dropTenant: unused,
      usage: unused,
      isolationProblems: unused,
      close: unused,
      ensureTenant: async (access) => ensureTenant(access),
    };
    return { config: over, driver };
  }

  function reconcile(more: Partial<StorageInput> = {}) {
    return reconcileStorage({
      tenantControlPlane: onStore({ dataStore: 'one' }),
      objectNames,
      dataStore: ready,
      dataStores: [ready],
      connect: async () => connection(config),
      ensureTenant: true,
      signal,
      secrets: new Map(),
      now: NOW,
      renewBeforeMs: 0,
      algorithm: 'ECDSA-P256',
      ...more,
    });
  }

  test('is made ready under the names of the tenant, with a certificate of its user', async () => {
    const ensured: TenantAccess[] = [];
    const connect = async () => connection(config, (access) => ensured.push(access));
    const { finding, value } = await reconcile({ connect });
    assert.equal(finding.reason, 'DataStoreReady');
    const [{ user, schema } = { user: '', schema: '' }] = ensured;
    assert.deepEqual(ensured, [{ user, schema }]);
    assert.deepEqual([value?.identity, value?.names], ['a', { schema, user }]);
    const certificate = value?.drafts.find(({ name }) => name === objectNames.datastoreCertificate)?.data['server.crt'];
    assert.equal(parseCertificate(certificate ?? '').subject, `CN=${user}`);
  });

  test('stays where the data is when the spec names another DataStore, and says so', async () => {
    const tenantControlPlane = onStore({ dataStore: 'two' }, { dataStoreName: 'one', identity: 'a' });
    const { finding, value } = await reconcile({ tenantControlPlane });
    assert.deepEqual([finding.reason, value?.dataStoreName], ['MigrationRequired', 'one']);
    assert.match(finding.message, /set spec\.dataStore back to one/);
  });

  test('has the same content in a second pass, which asks nothing of the store', async () => {
    const first = await reconcile();
    const drafts = first.value?.drafts ?? [];
    const secrets = new Map(drafts.map((draft) => [draft.name, secretObject(tenant(), draft, undefined)]));
    const connect = async () =>
      connection(config, () => {
        throw new Error('the store was asked');
      });
    const second = await reconcile({ secrets, connect, ensureTenant: false });
    assert.deepEqual(second, { ...first, value: { ...first.value, reissued: [] } });
  });

  test('of a database has a password that the store knows before the Secret does', async () => {
    const ensured: (string | undefined)[] = [];
    const connect = async () => connection(withPassword, ({ password }) => ensured.push(password));
    const passwordOf = ({ value }: Awaited<ReturnType<typeof reconcile>>) => value?.drafts[0]?.data['DB_PASSWORD'];
    // The Secret could not be written after the first pass.
    const lost = passwordOf(await reconcile({ connect }));
    const again = passwordOf(await reconcile({ connect, ensureTenant: false }));
    assert.deepEqual(ensured, [lost, again]);
    assert.notEqual(lost, again);
    const secret: Secret = { data: { DB_PASSWORD: Buffer.from(again ?? '').toString('base64') } };
    const secrets = new Map([[objectNames.datastoreConfig, secret]]);
    assert.equal(passwordOf(await reconcile({ connect, ensureTenant: false, secrets })), again);
    assert.equal(ensured.length, 2);
  });

  suite('of a database, whose password', () => {
    const made = new Date('2026-01-01T00:00:00Z');
    /** A pass after one that made the Secret, which was changed meanwhile. */
    async function next(change: (secret: Secret) => Secret | undefined, more: Partial<StorageInput> = {}) {
      const ensured: (string | undefined)[] = [];
      const connect = async () => connection(withPassword, ({ password }) => ensured.push(password));
      const [draft] = (await reconcile({ connect, now: made })).value?.drafts ?? [];
      assert.ok(draft !== undefined);
      const before = draft.data['DB_PASSWORD'];
      const secret = change(secretObject(tenant(), draft, undefined));
      const secrets = new Map(secret === undefined ? [] : [[draft.name, secret]]);
      ensured.length = 0;
      const { value } = await reconcile({ connect, ensureTenant: false, secrets, ...more });
      const after = value?.drafts[0];
      return { before, after: after?.data['DB_PASSWORD'], rotatedAt: after?.rotatedAt, ensured, value };
    }
    const annotated = (secret: Secret, key: string, text: string): Secret => ({
      ...secret,
      metadata: { ...secret.metadata, annotations: { ...secret.metadata?.annotations, [key]: text } },
    });
    const every = (period: string): DataStore => ({
      ...ready,
      metadata: { ...ready.metadata, annotations: { 'kamaji.clastix.io/rotate-credentials-every': period } },
    });

    test('stays when somebody adds a key of their own to the Secret', async () => {
      const { before, after } = await next(({ data, ...rest }) => ({ ...rest, data: { ...data, note: 'eA==' } }));
      assert.equal(after, before);
    });

    test('stays while nothing is wrong with it', async () => {
      const { before, after, ensured, rotatedAt } = await next((secret) => secret);
      assert.deepEqual([after, ensured, rotatedAt], [before, [], undefined]);
    });

    const reasons: readonly [
      why: string,
      reason: string | undefined,
      change: (secret: Secret) => Secret | undefined,
    ][] = [
      ['the Secret is deleted', undefined, () => undefined],
      [
        'somebody writes another into the Secret',
        'Unparsable',
        ({ data, ...rest }) => ({ ...rest, data: { ...data, DB_PASSWORD: 'eA==' } }),
      ],
      [
        'it has a meaning in an address, as only a Secret that was made by hand can hold',
        'Unparsable',
        ({ data, ...rest }) => ({
          ...rest,
          metadata: { name: 'demo-datastore-config' },
          data: { ...data, DB_PASSWORD: Buffer.from('p@evil.example/x?').toString('base64') },
        }),
      ],
      ['somebody takes it out of the Secret', 'Unparsable', (secret) => ({ ...secret, data: {} })],
      [
        'somebody asks for a new one',
        'RotationRequested',
        (secret) => annotated(secret, 'certs.kamaji.clastix.io/rotate', ''),
      ],
    ];
    for (const [why, reason, change] of reasons) {
      test(`is a new one that the store knows when ${why}`, async () => {
        const { before, after, ensured, rotatedAt, value } = await next(change);
        assert.notEqual(after, before);
        assert.deepEqual(ensured, [after]);
        assert.equal(rotatedAt, NOW.toISOString());
        assert.equal(value?.reissued[0]?.reason, reason);
      });
    }

    test('is a new one when it is as old as the DataStore lets it become, and not before', async () => {
      const hours = Math.round((NOW.getTime() - made.getTime()) / 3_600_000);
      const old = await next((secret) => secret, { dataStore: every(`${hours - 1}h`) });
      assert.notEqual(old.after, old.before);
      assert.deepEqual(old.ensured, [old.after]);
      const young = await next((secret) => secret, { dataStore: every(`${hours + 1}h`) });
      assert.equal(young.after, young.before);
      assert.deepEqual(young.value?.renewAt, new Date(made.getTime() + (hours + 1) * 3_600_000));
    });

    test('of upstream Kamaji is kept, although its checksum is another', async () => {
      const md5 = (secret: Secret): string => {
        const hash = createHash('md5');
        for (const key of Object.keys(secret.data ?? {}).sort())
          hash.update(Buffer.from(secret.data?.[key] ?? '', 'base64'));
        return hash.digest('hex');
      };
      const { before, after } = await next((secret) => annotated(secret, 'kamaji.clastix.io/checksum', md5(secret)));
      assert.equal(after, before);
    });

    test('is not changed while the store cannot take a new one', async () => {
      const { before, after, ensured } = await next(
        (secret) => annotated(secret, 'certs.kamaji.clastix.io/rotate', ''),
        {
          dataStore: store('one', { ready: false }),
          tenantControlPlane: onStore({ dataStore: 'one' }, { setup: { schema: 's', user: 'u' }, identity: 'a' }),
        },
      );
      assert.deepEqual([after, ensured], [before, []]);
    });
  });

  test('of a NATS has the credentials of the store itself, its certificate too', async () => {
    const client = { certificate: 'certificate', key: 'key' };
    const basicAuth = { username: 'nats', password: 'secret' };
    const over: ConnectionConfig = {
      driver: 'NATS',
      endpoints: ['nats:4222'],
      tls: { ca: 'ca', client },
      basicAuth,
      fingerprint: '',
    };
    const { value } = await reconcile({ connect: async () => connection(over) });
    const [credentials, certificate] = value?.drafts ?? [];
    assert.deepEqual([credentials?.data['DB_USER'], credentials?.data['DB_PASSWORD']], ['nats', 'secret']);
    assert.deepEqual(certificate?.data, { 'ca.crt': 'ca', 'server.crt': 'certificate', 'server.key': 'key' });
  });

  test('of a database without TLS has no Secret of certificates, not even an empty one', async () => {
    const { value } = await reconcile({ connect: async () => connection(withPassword) });
    assert.deepEqual(
      value?.drafts.map(({ name }) => name),
      [objectNames.datastoreConfig],
    );
  });

  test('is not remembered under an identity that nobody knows', async () => {
    const { value } = await reconcile({ dataStore: store('one', { ready: true }) });
    assert.ok(value !== undefined);
    assert.equal(value.identity, undefined);
  });

  suite('of which parts are elsewhere', () => {
    const events = store('events', { ready: true, identity: 'b' });
    const tenantControlPlane = onStore({
      dataStore: 'one',
      dataStoreOverrides: [
        { resource: '/events', dataStore: 'events' },
        { resource: 'coordination.k8s.io/leases', dataStore: 'events' },
      ],
    });
    const elsewhere: ConnectionConfig = { ...config, endpoints: ['events:2379'] };
    const reconcileWith = (over: ConnectionConfig, more: Partial<StorageInput> = {}) => {
      const ensured: string[] = [];
      const connect: StorageInput['connect'] = async ({ metadata: { name = '' } }) =>
        connection(name === 'events' ? over : config, ({ user }) => ensured.push(`${user} on ${name}`));
      const outcome = reconcile({ tenantControlPlane, dataStores: [ready, events], connect, ...more });
      return { outcome, ensured };
    };

    test('has its user there as well, once', async () => {
      const { outcome, ensured } = reconcileWith(elsewhere);
      const { value, finding } = await outcome;
      assert.equal(finding.reason, 'DataStoreReady');
      const user = value?.names.user ?? '';
      assert.deepEqual(ensured, [`${user} on one`, `${user} on events`]);
      assert.deepEqual(value?.overrides, [
        { resource: '/events', dataStore: events, endpoints: ['events:2379'] },
        { resource: 'coordination.k8s.io/leases', dataStore: events, endpoints: ['events:2379'] },
      ]);
      const second = reconcileWith(elsewhere, { ensureTenant: false });
      await second.outcome;
      assert.ok(!second.ensured.some((one) => one.endsWith('events')));
    });

    test('has one certificate that stores of another authority accept, too, and keeps it', async () => {
      const other = await createAuthority({ commonName: 'events', now: NOW });
      const over = { ...elsewhere, tls: { ca: other.certificatePem, caKey: other.privateKeyPem } };
      const held = ({ value }: Awaited<ReturnType<typeof reconcile>>) => {
        const draft = value?.drafts.find(({ name }) => name === objectNames.datastoreCertificate);
        assert.ok(draft !== undefined);
        return draft;
      };
      const first = held(await reconcileWith(over).outcome);
      const trusted = parseCertificates(first.data['ca.crt'] ?? '').map(String);
      assert.deepEqual(
        trusted,
        [authority, other].map(({ certificatePem }) => certificatePem),
      );
      const [certificate, ...above] = parseCertificates(first.data['server.crt'] ?? '');
      for (const { certificatePem } of [authority, other]) {
        const root = parseCertificate(certificatePem);
        assert.ok(above.some((one) => isIssuedBy(certificate, one) && isIssuedBy(one, root)));
      }
      const secrets = new Map([[first.name, secretObject(tenant(), first, undefined)]]);
      assert.deepEqual(held(await reconcileWith(over, { secrets }).outcome).data, first.data);
      const without = held(await reconcile({ secrets }));
      assert.equal(parseCertificates(without.data['server.crt'] ?? '').length, 1);
      assert.equal(without.data['ca.crt'], authority.certificatePem);
    });

    const refusals: readonly [reason: string, says: RegExp, over: ConnectionConfig, more?: Partial<StorageInput>][] = [
      ['DataStoreNotFound', /there is no DataStore events: create it/u, elsewhere, { dataStores: [ready] }],
      ['DataStoreNotReady', /events of spec\.dataStoreOverrides/u, elsewhere, { dataStores: [ready, store('events')] }],
      ['DriverUnsupported', /needs stores of driver etcd/u, withPassword],
    ];
    for (const [reason, says, over, more] of refusals) {
      test(`is nowhere as long as one of them cannot be used: ${reason}: ${says.source}`, async () => {
        const { finding, value } = await reconcileWith(over, more).outcome;
        assert.deepEqual([finding.reason, value], [reason, undefined]);
        assert.match(finding.message, says);
      });
    }
  });

  suite('on a store whose tenants could reach one another', () => {
    const isolated = {
      type: 'Isolated',
      status: 'False',
      reason: 'KnownVulnerability',
      message: 'etcd 3.6.8 has CVE-1: upgrade it',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    } as const;
    const status = { ready: true, identity: 'a', conditions: [isolated] };
    const open = store('one', status);

    test('a new tenant waits, and nothing is made for it', async () => {
      const connect = async () =>
        connection(config, () => {
          throw new Error('something was made');
        });
      const { finding, value } = await reconcile({ dataStore: open, connect });
      assert.deepEqual([finding.reason, value], ['DataStoreNotIsolated', undefined]);
      assert.match(finding.message, /takes no new tenants: etcd 3\.6\.8 has CVE-1: upgrade it/u);
    });

    test('a tenant that is on it runs on', async () => {
      const tenantControlPlane = onStore({ dataStore: 'one' }, { setup: { schema: 's', user: 'u' }, identity: 'a' });
      assert.equal((await reconcile({ dataStore: open, tenantControlPlane })).finding.reason, 'DataStoreReady');
    });

    test('a new tenant is taken where the annotation says so', async () => {
      const annotations = { 'kamaji.clastix.io/accept-isolation-problems': 'true' };
      const dataStore = store('one', status, { annotations });
      assert.equal((await reconcile({ dataStore })).finding.reason, 'DataStoreReady');
    });

    test('a new tenant that would keep resources there waits, too', async () => {
      const tenantControlPlane = onStore({
        dataStore: 'one',
        dataStoreOverrides: [{ resource: '/events', dataStore: 'events' }],
      });
      const dataStores = [ready, store('events', status)];
      const { finding } = await reconcile({ tenantControlPlane, dataStores });
      assert.equal(finding.reason, 'DataStoreNotIsolated');
    });
  });

  suite('while the store is not ready', () => {
    const condition = (type: string, message: string) => ({
      type,
      status: 'False',
      reason: 'X',
      message,
      lastTransitionTime: '2026-01-01T00:00:00Z',
    });
    const cases: readonly [why: string, reason: string, message: RegExp, status: object][] = [
      ['nobody has looked yet', 'DataStoreNotReady', /not been looked at/, {}],
      ['the store says why', 'DataStoreNotReady', /it is full/, { conditions: [condition('Ready', 'it is full')] }],
      [
        'it does not answer',
        'DataStoreUnreachable',
        /refused/,
        { conditions: [condition('Reachable', 'connection refused'), condition('Ready', 'x')] },
      ],
    ];
    for (const [why, reason, message, status] of cases) {
      test(`a new tenant waits: ${reason}: ${why}`, async () => {
        const outcome = await reconcile({ dataStore: store('one', status) });
        assert.deepEqual([outcome.finding.reason, outcome.value], [reason, undefined]);
        assert.match(outcome.finding.message, message);
      });
      test(`a tenant that is on it keeps its place and says ${reason}`, async () => {
        const tenantControlPlane = onStore({ dataStore: 'one' }, { setup: { schema: 's', user: 'u' }, identity: 'a' });
        const connect = async () =>
          connection(config, () => {
            throw new Error('a store that is not ready was written to');
          });
        const outcome = await reconcile({ dataStore: store('one', status), tenantControlPlane, connect });
        assert.deepEqual([outcome.finding.reason, outcome.value?.names], [reason, { schema: 's', user: 'u' }]);
      });
    }
  });

  suite('that cannot be made ready', () => {
    const failures: readonly [code: DataStoreErrorCode, reason: string, isRetried: boolean][] = [
      ['ConnectionRefused', 'DataStoreUnreachable', true],
      ['Timeout', 'DataStoreUnreachable', true],
      ['Unavailable', 'DataStoreUnreachable', true],
      ['PermissionDenied', 'SetupFailed', true],
      ['QuotaExceeded', 'SetupFailed', true],
      ['NameConflict', 'SchemaTaken', false],
      ['InvalidName', 'SchemaTaken', false],
    ];
    for (const [code, reason, isRetried] of failures) {
      test(`${reason}, ${isRetried ? 'tried again with back-off' : 'waiting'}: ${code}`, async () => {
        const connect = async () =>
          connection(config, () => {
            throw new DataStoreError(code, 'why');
          });
        const { finding, value, error } = await reconcile({ connect });
        assert.deepEqual([finding.reason, value, error !== undefined], [reason, undefined, isRetried]);
        assert.match(finding.message, /one: why/);
      });
    }

    test('CredentialsMissing: the DataStore names a Secret that is not there', async () => {
      const connect = () => Promise.reject(new DataStoreConfigError('SecretNotFound', 'Secret x does not exist'));
      const { finding } = await reconcile({ connect });
      assert.deepEqual(
        [finding.reason, finding.message],
        ['CredentialsMissing', 'DataStore one: Secret x does not exist'],
      );
    });

    test('InternalError: anything else is reported as the failure that it is', async () => {
      const failure = new TypeError('oops');
      const { finding, error } = await reconcile({ connect: () => Promise.reject(failure) });
      assert.deepEqual([finding.reason, error], ['InternalError', failure]);
    });
  });
});
