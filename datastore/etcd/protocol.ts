import { fromJSON } from '@grpc/proto-loader';
import { descriptor } from './descriptor.ts';

/** One call of etcd's gRPC API, typed by its messages. */
export interface Method<Request extends object, Response extends object> {
  readonly path: string;
  /** Whether the call may change something in the store. */
  readonly writes: boolean;
  readonly encode: (request: Request) => Buffer;
  readonly decode: (bytes: Buffer) => Response;
}

/** A half-open range of keys; an absent `rangeEnd` means the one key. */
export interface KeyRange {
  readonly key: Buffer;
  readonly rangeEnd?: Buffer;
}

/** 64-bit numbers are decimal strings. */
interface ResponseHeader {
  readonly clusterId: string;
  /** Of the member that answers. */
  readonly memberId: string;
  readonly revision: string;
}

interface KeyValue {
  readonly key: Buffer;
  readonly value: Buffer;
}

export interface Permission extends KeyRange {
  readonly permType: 'READ' | 'WRITE' | 'READWRITE';
}

interface RangeRequest extends KeyRange {
  /** Of the past; absent means the present. */
  readonly revision?: string;
  readonly limit?: number;
  readonly keysOnly?: boolean;
  readonly countOnly?: boolean;
}

interface PutRequest {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** The transactions that this driver makes: puts that happen only while a key has a given version (0: absent). */
interface TxnRequest {
  readonly compare: readonly { readonly target: 'VERSION'; readonly key: Buffer; readonly version: string }[];
  readonly success: readonly { readonly requestPut: PutRequest }[];
}

interface AlarmRequest {
  readonly action: 'GET' | 'DEACTIVATE';
  /** Absent: of all members. */
  readonly memberId?: string;
  readonly alarm?: AlarmType;
}

type AlarmType = 'NONE' | 'NOSPACE' | 'CORRUPT';

type Empty = Readonly<Record<string, never>>;

const reads: ReadonlySet<string> = new Set([
  'AuthStatus',
  'Range',
  'RoleGet',
  'RoleList',
  'Status',
  'UserGet',
  'UserList',
]);

const loaded = fromJSON(descriptor, { longs: String, enums: String, defaults: true });

/** The calls of etcd's v3 API that the driver makes. */
export const etcd = {
  range: method<
    RangeRequest,
    {
      readonly header: ResponseHeader | null;
      readonly kvs: readonly KeyValue[];
      readonly more: boolean;
      /** How many keys the range has, whatever `limit` says. */
      readonly count: string;
    }
  >('KV', 'Range'),
  deleteRange: method<KeyRange, { readonly deleted: string }>('KV', 'DeleteRange'),
  txn: method<TxnRequest, { readonly succeeded: boolean }>('KV', 'Txn'),
  status: method<
    Empty,
    {
      readonly header: ResponseHeader | null;
      readonly version: string;
      readonly dbSize: string;
      readonly dbSizeQuota: string;
      readonly errors: readonly string[];
    }
  >('Maintenance', 'Status'),
  alarm: method<AlarmRequest, { readonly alarms: readonly { readonly memberId: string; readonly alarm: AlarmType }[] }>(
    'Maintenance',
    'Alarm',
  ),
  authStatus: method<Empty, { readonly enabled: boolean }>('Auth', 'AuthStatus'),
  authEnable: method<Empty, object>('Auth', 'AuthEnable'),
  userAdd: method<{ readonly name: string; readonly options: { readonly noPassword: boolean } }, object>(
    'Auth',
    'UserAdd',
  ),
  userGet: method<{ readonly name: string }, { readonly roles: readonly string[] }>('Auth', 'UserGet'),
  userList: method<Empty, { readonly users: readonly string[] }>('Auth', 'UserList'),
  userDelete: method<{ readonly name: string }, object>('Auth', 'UserDelete'),
  userGrantRole: method<{ readonly user: string; readonly role: string }, object>('Auth', 'UserGrantRole'),
  userRevokeRole: method<{ readonly name: string; readonly role: string }, object>('Auth', 'UserRevokeRole'),
  roleList: method<Empty, { readonly roles: readonly string[] }>('Auth', 'RoleList'),
  roleAdd: method<{ readonly name: string }, object>('Auth', 'RoleAdd'),
  roleGet: method<{ readonly role: string }, { readonly perm: readonly Permission[] }>('Auth', 'RoleGet'),
  roleDelete: method<{ readonly role: string }, object>('Auth', 'RoleDelete'),
  roleGrantPermission: method<{ readonly name: string; readonly perm: Permission }, object>(
    'Auth',
    'RoleGrantPermission',
  ),
  roleRevokePermission: method<KeyRange & { readonly role: string }, object>('Auth', 'RoleRevokePermission'),
};

/**
 * A method of the descriptor under the types of its messages. The descriptor is what guarantees that decoded messages have
 * that shape: all fields present, 64-bit numbers as strings, bytes as Buffer.
 */
function method<Request extends object, Response extends object>(
  service: string,
  name: string,
): Method<Request, Response> {
  const definition = loaded[`etcdserverpb.${service}`];
  if (definition === undefined || 'format' in definition) throw new TypeError(`etcd has no service ${service}`);
  const found = definition[name];
  if (found === undefined) throw new TypeError(`etcd's service ${service} has no method ${name}`);
  return {
    path: found.path,
    writes: !reads.has(name),
    encode: found.requestSerialize,
    decode: (bytes) => found.responseDeserialize(bytes) as Response,
  };
}
