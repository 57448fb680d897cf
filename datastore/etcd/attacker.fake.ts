import assert from 'node:assert/strict';
import { createSecureContext } from 'node:tls';
import { Client, credentials, type ServiceError, status as grpcStatus } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import type { TlsEtcd } from '#test/tls-etcd.ts';
import { descriptor } from './descriptor.ts';

// The messages of the driver plus those that only an attacker needs.
const attacks = attackerMethods();

/** A client that shows that user's certificate and may say anything. */
export async function rawClient(server: TlsEtcd, user: string): Promise<Client> {
  const { certificatePem: cert, privateKeyPem: key } = await server.client(user);
  const context = createSecureContext({ ca: server.authority.certificatePem, cert, key });
  const target = server.endpoint.replace('127.0.0.1', 'localhost');
  return new Client(`dns:///${target}`, credentials.createFromSecureContext(context));
}

function methodOf(service: string, method: string) {
  const definition = attacks[`etcdserverpb.${service}`];
  assert.ok(definition !== undefined && !('format' in definition));
  const found = definition[method];
  assert.ok(found !== undefined, `${service}.${method}`);
  return found;
}

/** One call, of a stream the first answer. */
export function call(
  client: Client,
  service: string,
  method: string,
  request: object,
): Promise<Record<string, unknown>> {
  const { path, requestSerialize, responseDeserialize, responseStream } = methodOf(service, method);
  return new Promise((resolve, reject) => {
    if (responseStream) {
      const stream = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request);
      stream.on('error', reject).once('data', (data: object) => resolve({ ...data }));
      return;
    }
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, response) => {
      if (error === null) resolve({ ...response });
      else reject(error);
    });
  });
}

/** What etcd answers to a watch. */
export function watch(client: Client, createRequest: object): Promise<'created' | 'canceled'> {
  const { path, requestSerialize, responseDeserialize } = methodOf('Watch', 'Watch');
  const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  return new Promise((resolve, reject) => {
    stream.on('error', reject);
    stream.once('data', (response: { canceled?: boolean }) => {
      resolve(response.canceled === true ? 'canceled' : 'created');
      stream.removeAllListeners('error');
      stream.on('error', () => undefined);
      stream.cancel();
    });
    stream.write({ createRequest });
  });
}

/** What etcd answers to a keep-alive: the new time to live, or a code of gRPC. */
export function keepAlive(client: Client, ID: string): Promise<string> {
  const { path, requestSerialize, responseDeserialize } = methodOf('Lease', 'LeaseKeepAlive');
  const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  return new Promise((resolve) => {
    stream.on('error', (error: ServiceError) => resolve(grpcStatus[error.code] ?? ''));
    stream.once('data', ({ TTL = '' }: { TTL?: string }) => {
      resolve(TTL);
      stream.cancel();
    });
    stream.write({ ID });
  });
}

function attackerMethods(): ReturnType<typeof fromJSON> {
  const base = descriptor.nested?.['etcdserverpb'];
  assert.ok(base !== undefined && 'nested' in base);
  const message = (fields: Record<string, readonly [type: string, id: number, rule?: 'repeated']>) => ({
    fields: Object.fromEntries(
      Object.entries(fields).map(([name, [type, id, rule]]) => [
        name,
        rule === undefined ? { type, id } : { type, id, rule },
      ]),
    ),
  });
  const method = (name: string, extra: object = {}) => ({
    requestType: `${name}Request`,
    responseType: `${name}Response`,
    comment: '',
    ...extra,
  });
  const withMethods = (service: string, methods: Record<string, ReturnType<typeof method>>) => {
    const present = base.nested?.[service];
    return { methods: { ...(present !== undefined && 'methods' in present ? present.methods : {}), ...methods } };
  };
  const etcdserverpb = {
    nested: {
      ...base.nested,
      CompactionRequest: message({ revision: ['int64', 1] }),
      CompactionResponse: message({}),
      SnapshotRequest: message({}),
      SnapshotResponse: message({ blob: ['bytes', 3] }),
      AuthDisableRequest: message({}),
      AuthDisableResponse: message({}),
      LeaseGrantRequest: message({ TTL: ['int64', 1] }),
      LeaseGrantResponse: message({ ID: ['int64', 2] }),
      LeaseRevokeRequest: message({ ID: ['int64', 1] }),
      LeaseRevokeResponse: message({}),
      LeaseTimeToLiveRequest: message({ ID: ['int64', 1], keys: ['bool', 2] }),
      LeaseTimeToLiveResponse: message({ ID: ['int64', 2] }),
      LeaseLeasesRequest: message({}),
      LeaseLeasesResponse: message({}),
      LeaseKeepAliveRequest: message({ ID: ['int64', 1] }),
      LeaseKeepAliveResponse: message({ ID: ['int64', 2], TTL: ['int64', 3] }),
      MemberListRequest: message({}),
      MemberListResponse: message({}),
      MemberAddRequest: message({ peerURLs: ['string', 1, 'repeated'], isLearner: ['bool', 2] }),
      MemberAddResponse: message({}),
      MemberRemoveRequest: message({ ID: ['uint64', 1] }),
      MemberRemoveResponse: message({}),
      MemberUpdateRequest: message({ ID: ['uint64', 1] }),
      MemberUpdateResponse: message({}),
      MemberPromoteRequest: message({ ID: ['uint64', 1] }),
      MemberPromoteResponse: message({}),
      AlarmRequest: message({ action: ['int32', 1], memberID: ['uint64', 2], alarm: ['int32', 3] }),
      AlarmResponse: message({}),
      DefragmentRequest: message({}),
      DefragmentResponse: message({}),
      HashRequest: message({}),
      HashResponse: message({ hash: ['uint32', 2] }),
      HashKVRequest: message({ revision: ['int64', 1] }),
      HashKVResponse: message({ hash: ['uint32', 2] }),
      MoveLeaderRequest: message({ targetID: ['uint64', 1] }),
      MoveLeaderResponse: message({}),
      DowngradeRequest: message({ action: ['int32', 1], version: ['string', 2] }),
      DowngradeResponse: message({}),
      AuthUserChangePasswordRequest: message({ name: ['string', 1], password: ['string', 2] }),
      AuthUserChangePasswordResponse: message({}),
      AuthenticateRequest: message({ name: ['string', 1], password: ['string', 2] }),
      AuthenticateResponse: message({ token: ['string', 2] }),
      WatchCreateRequest: message({
        key: ['bytes', 1],
        rangeEnd: ['bytes', 2],
        startRevision: ['int64', 3],
        prevKv: ['bool', 6],
      }),
      WatchRequest: message({ createRequest: ['WatchCreateRequest', 1] }),
      WatchResponse: message({ created: ['bool', 3], canceled: ['bool', 4] }),
      KV: withMethods('KV', { Put: method('Put'), Compact: method('Compaction') }),
      Auth: withMethods('Auth', {
        AuthDisable: method('AuthDisable'),
        UserChangePassword: method('AuthUserChangePassword'),
        Authenticate: method('Authenticate'),
      }),
      Maintenance: withMethods('Maintenance', {
        Snapshot: method('Snapshot', { responseStream: true }),
        Alarm: method('Alarm'),
        Defragment: method('Defragment'),
        Hash: method('Hash'),
        HashKV: method('HashKV'),
        MoveLeader: method('MoveLeader'),
        Downgrade: method('Downgrade'),
      }),
      Cluster: {
        methods: {
          MemberList: method('MemberList'),
          MemberAdd: method('MemberAdd'),
          MemberRemove: method('MemberRemove'),
          MemberUpdate: method('MemberUpdate'),
          MemberPromote: method('MemberPromote'),
        },
      },
      Lease: withMethods('Lease', {
        LeaseGrant: method('LeaseGrant'),
        LeaseRevoke: method('LeaseRevoke'),
        LeaseTimeToLive: method('LeaseTimeToLive'),
        LeaseLeases: method('LeaseLeases'),
        LeaseKeepAlive: method('LeaseKeepAlive', { requestStream: true, responseStream: true }),
      }),
      Watch: withMethods('Watch', { Watch: method('Watch', { requestStream: true, responseStream: true }) }),
    },
  };
  return fromJSON(
    { nested: { ...descriptor.nested, etcdserverpb } },
    { longs: String, enums: String, defaults: true, keepCase: true },
  );
}
