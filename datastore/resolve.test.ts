import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';
import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import { type CertificatePair, createAuthority, issue } from '#pki/authority.ts';
import type { Reader } from '#runtime/client/client.ts';
import { FakeClock } from '#runtime/clock.fake.ts';
import type { ConnectionConfig } from './connection.ts';
import { DataStorePool } from './pool.ts';
import { DataStoreConfigError, type DataStoreConfigErrorCode, resolveDataStore } from './resolve.ts';

const signal = new AbortController().signal;
let authority: CertificatePair;
let client: CertificatePair;
let renewed: CertificatePair;
before(async () => {
  const now = new Date();
  authority = await createAuthority({ commonName: 'etcd', now });
  const request = { authority, subject: { commonName: 'root' }, usages: ['clientAuth'] as const, validityMs: 1e7, now };
  client = await issue(request);
  renewed = await issue(request);
});

/** Secrets by namespace/name; counts reads. */
class Secrets implements Reader {
  readonly data = new Map<string, Record<string, string>>();
  reads = 0;

  put(id: string, data: Record<string, string>): this {
    this.data.set(id, data);
    return this;
  }

  get: Reader['get'] = (_resource, { namespace, name }) => {
    this.reads += 1;
    const data = this.data.get(`${namespace ?? ''}/${name}`);
    if (data === undefined) return Promise.resolve(undefined);
    const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
    return Promise.resolve(JSON.parse(JSON.stringify({ data: Object.fromEntries(encoded) })));
  };

  list: Reader['list'] = () => Promise.reject(new Error('nothing is listed'));
}

const inSecret = (name: string, keyPath: string) => ({ secretReference: { namespace: 'stores', name, keyPath } });

function etcd(spec: Partial<DataStore['spec']> = {}): DataStore {
  return {
    apiVersion: 'kamaji.clastix.io/v1alpha1',
    kind: 'DataStore',
    metadata: { name: 'store', uid: 'uid', generation: 1 },
    spec: {
      driver: 'etcd',
      endpoints: ['etcd-0.etcd:2379', '[fd00::1]:2379'],
      tlsConfig: {
        certificateAuthority: { certificate: inSecret('ca', 'tls.crt'), privateKey: inSecret('ca', 'tls.key') },
        clientCertificate: { certificate: inSecret('client', 'tls.crt'), privateKey: inSecret('client', 'tls.key') },
      },
      ...spec,
    },
  };
}

function secrets(): Secrets {
  return new Secrets()
    .put('stores/ca', { 'tls.crt': authority.certificatePem, 'tls.key': authority.privateKeyPem })
    .put('stores/client', { 'tls.crt': client.certificatePem, 'tls.key': client.privateKeyPem });
}

suite('what a DataStore refers to', () => {
  const resolve = (dataStore: DataStore, reader: Reader): Promise<ConnectionConfig> =>
    resolveDataStore(dataStore, { reader, managerNamespace: 'kamaji-system', signal });

  test('is read from Secrets, each once', async () => {
    const reader = secrets();
    const { endpoints, tls } = await resolve(etcd(), reader);
    assert.deepEqual(endpoints, ['etcd-0.etcd:2379', '[fd00::1]:2379']);
    assert.deepEqual(tls, {
      ca: authority.certificatePem,
      caKey: authority.privateKeyPem,
      client: { certificate: client.certificatePem, key: client.privateKeyPem },
    });
    assert.equal(reader.reads, 2);
  });

  test('may stand in the DataStore itself, which goes before the Secret', async () => {
    const content = (text: string) => ({ content: Buffer.from(text).toString('base64') });
    const { basicAuth } = await resolve(
      etcd({
        driver: 'PostgreSQL',
        tlsConfig: { certificateAuthority: { certificate: content(authority.certificatePem) } },
        basicAuth: { username: { ...content('admin'), ...inSecret('absent', 'x') }, password: content('p@ss/word') },
      }),
      new Secrets(),
    );
    assert.deepEqual(basicAuth, { username: 'admin', password: 'p@ss/word' });
  });

  test('follows from the name of a managed store', async () => {
    const reader = new Secrets()
      .put('kamaji-system/store-etcd-ca', { 'tls.crt': authority.certificatePem, 'tls.key': authority.privateKeyPem })
      .put('kamaji-system/store-etcd-root-client', {
        'tls.crt': client.certificatePem,
        'tls.key': client.privateKeyPem,
      });
    const managed: DataStore = { ...etcd(), spec: { driver: 'etcd', managed: { replicas: 1 } } };
    const { endpoints, tls } = await resolve(managed, reader);
    assert.deepEqual(endpoints, ['store-etcd.kamaji-system.svc:2379']);
    assert.equal(tls?.caKey, authority.privateKeyPem);
  });

  const refused: readonly [
    reason: string,
    DataStoreConfigErrorCode,
    RegExp,
    (reader: Secrets) => DataStore | undefined,
  ][] = [
    [
      'a Secret that does not exist',
      'SecretNotFound',
      /clientCertificate\.certificate.*stores\/client/u,
      (reader) => void reader.data.delete('stores/client'),
    ],
    [
      'a key that the Secret does not have',
      'SecretKeyMissing',
      /stores\/ca has no key tls\.key \(it has: tls\.crt\)/u,
      (reader) => void reader.put('stores/ca', { 'tls.crt': authority.certificatePem }),
    ],
    [
      'an authority that is no certificate',
      'ContentInvalid',
      /certificateAuthority\.certificate \(Secret stores\/ca, key tls\.crt\)/u,
      (reader) => void reader.put('stores/ca', { 'tls.crt': 'hello', 'tls.key': authority.privateKeyPem }),
    ],
    [
      'a key that is not the authority’s',
      'ContentInvalid',
      /certificateAuthority\.privateKey \(Secret stores\/ca, key tls\.key\)/u,
      (reader) =>
        void reader.put('stores/ca', { 'tls.crt': authority.certificatePem, 'tls.key': client.privateKeyPem }),
    ],
    [
      'a key that is not the client’s',
      'ContentInvalid',
      /clientCertificate\.privateKey \(Secret stores\/client, key tls\.key\)/u,
      (reader) =>
        void reader.put('stores/client', { 'tls.crt': client.certificatePem, 'tls.key': renewed.privateKeyPem }),
    ],
    [
      'neither a password nor a client certificate',
      'ContentInvalid',
      /basicAuth and spec\.tlsConfig\.clientCertificate are both missing/u,
      () => ({
        ...etcd(),
        spec: {
          driver: 'MySQL',
          endpoints: ['db:3306'],
          tlsConfig: { certificateAuthority: { certificate: inSecret('ca', 'tls.crt') } },
        },
      }),
    ],
    [
      'a password for NATS that kine would read as something else',
      'ContentInvalid',
      /basicAuth\.password: with driver NATS/u,
      () => {
        const content = (text: string) => ({ content: Buffer.from(text).toString('base64') });
        const basicAuth = { username: content('admin'), password: content('p@ss/word') };
        return { ...etcd(), spec: { driver: 'NATS', endpoints: ['nats:4222'], basicAuth } };
      },
    ],
    ['a host without port', 'EndpointInvalid', /"etcd"/u, () => etcd({ endpoints: ['etcd'] })],
    ['a URL', 'EndpointInvalid', /https/u, () => etcd({ endpoints: ['https://etcd:2379'] })],
    ['an IPv6 address without brackets', 'EndpointInvalid', /fd00/u, () => etcd({ endpoints: ['fd00::1:2379'] })],
    ['port 0', 'EndpointInvalid', /etcd:0/u, () => etcd({ endpoints: ['etcd:0'] })],
    [
      'a reference that names no namespace',
      'ContentInvalid',
      /basicAuth\.username/u,
      () => {
        const reference = { secretReference: { name: 'a', keyPath: 'b' } };
        return etcd({ basicAuth: { username: reference, password: reference } });
      },
    ],
  ];
  for (const [reason, code, message, prepare] of refused) {
    test(`is refused with ${reason}`, async () => {
      const reader = secrets();
      const dataStore = prepare(reader) ?? etcd();
      await assert.rejects(resolve(dataStore, reader), (error) => {
        assert.ok(error instanceof DataStoreConfigError);
        assert.equal(error.code, code);
        assert.match(error.message, message);
        return true;
      });
    });
  }
});

suite('the pool of drivers', () => {
  let opened: { readonly config: ConnectionConfig; closed: boolean }[];
  const poolOf = (reader: Reader, clock: FakeClock): DataStorePool => {
    opened = [];
    return new DataStorePool({
      reader,
      managerNamespace: 'kamaji-system',
      clock,
      open: (config) => {
        const entry = { config, closed: false };
        opened.push(entry);
        return {
          driver: config.driver,
          probe: () => Promise.reject(new Error('unused')),
          ensureTenant: () => Promise.resolve(),
          dropTenant: () => Promise.resolve(),
          usage: () => Promise.reject(new Error('unused')),
          isolationProblems: () => Promise.resolve([]),
          close: () => {
            entry.closed = true;
          },
        };
      },
    });
  };

  test('gives everyone the same driver and does not read Secrets again for a minute', async () => {
    const reader = secrets();
    const clock = new FakeClock();
    const pool = poolOf(reader, clock);
    const one = await pool.connect(etcd(), { signal });
    assert.equal(await pool.connect(etcd(), { signal }), one);
    assert.equal(reader.reads, 2);
    await clock.advance(61_000);
    assert.equal(await pool.connect(etcd(), { signal }), one);
    assert.equal(reader.reads, 4);
  });

  test('replaces the driver when credentials change, at once when asked to look', async () => {
    const reader = secrets();
    const pool = poolOf(reader, new FakeClock());
    const one = await pool.connect(etcd(), { signal });
    reader.put('stores/client', { 'tls.crt': renewed.certificatePem, 'tls.key': renewed.privateKeyPem });
    assert.equal(await pool.connect(etcd(), { signal }), one);
    const other = await pool.connect(etcd(), { signal, fresh: true });
    assert.notEqual(other.driver, one.driver);
    assert.deepEqual(
      opened.map(({ closed }) => closed),
      [true, false],
    );
  });

  test('looks again when the DataStore itself changed', async () => {
    const pool = poolOf(secrets(), new FakeClock());
    await pool.connect(etcd(), { signal });
    const moved = etcd({ endpoints: ['elsewhere:2379'] });
    const { config } = await pool.connect({ ...moved, metadata: { ...moved.metadata, generation: 2 } }, { signal });
    assert.deepEqual(config.endpoints, ['elsewhere:2379']);
  });

  test('closes drivers that nobody used for ten minutes, that were forgotten, and all at the end', async () => {
    const clock = new FakeClock();
    const pool = poolOf(secrets(), clock);
    const named = (name: string): DataStore => ({ ...etcd(), metadata: { name, uid: name, generation: 1 } });
    await pool.connect(named('idle'), { signal });
    await clock.advance(601_000);
    for (const name of ['gone', 'last']) await pool.connect(named(name), { signal });
    pool.forget('gone');
    const closed = (): boolean[] => opened.map((entry) => entry.closed);
    assert.deepEqual(closed(), [true, true, false]);
    pool.close();
    assert.deepEqual(closed(), [true, true, true]);
  });
});
