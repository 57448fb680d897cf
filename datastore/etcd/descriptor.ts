import type { fromJSON } from '@grpc/proto-loader';

/**
 * The part of etcd's v3 API that the driver speaks, in protobufjs's JSON form (go.etcd.io/etcd/api/v3:
 * etcdserverpb/rpc.proto, mvccpb/kv.proto, authpb/auth.proto). The field numbers are the wire format. Data instead of a .proto
 * file, because the manager is one bundled file; fields that the driver never reads are left out, which protobuf allows.
 */
export const descriptor: Parameters<typeof fromJSON>[0] = {
  nested: {
    mvccpb: {
      nested: {
        KeyValue: message({
          key: ['bytes', 1],
          createRevision: ['int64', 2],
          modRevision: ['int64', 3],
          version: ['int64', 4],
          value: ['bytes', 5],
          lease: ['int64', 6],
        }),
      },
    },
    authpb: {
      nested: {
        UserAddOptions: message({ noPassword: ['bool', 1] }),
        Permission: {
          ...message({ permType: ['Type', 1], key: ['bytes', 2], rangeEnd: ['bytes', 3] }),
          nested: { Type: { values: { READ: 0, WRITE: 1, READWRITE: 2 } } },
        },
      },
    },
    etcdserverpb: {
      nested: {
        ResponseHeader: message({
          clusterId: ['uint64', 1],
          memberId: ['uint64', 2],
          revision: ['int64', 3],
          raftTerm: ['uint64', 4],
        }),
        ...keyValueMessages(),
        ...authMessages(),
        StatusRequest: message({}),
        StatusResponse: message({
          header: ['ResponseHeader', 1],
          version: ['string', 2],
          dbSize: ['int64', 3],
          errors: ['string', 8, 'repeated'],
          dbSizeQuota: ['int64', 12],
        }),
        AlarmType: { values: { NONE: 0, NOSPACE: 1, CORRUPT: 2 } },
        AlarmRequest: {
          ...message({ action: ['AlarmAction', 1], memberId: ['uint64', 2], alarm: ['AlarmType', 3] }),
          nested: { AlarmAction: { values: { GET: 0, ACTIVATE: 1, DEACTIVATE: 2 } } },
        },
        AlarmMember: message({ memberId: ['uint64', 1], alarm: ['AlarmType', 2] }),
        AlarmResponse: message({ header: ['ResponseHeader', 1], alarms: ['AlarmMember', 2, 'repeated'] }),
        KV: service({ Range: 'Range', DeleteRange: 'DeleteRange', Txn: 'Txn' }),
        Maintenance: service({ Alarm: 'Alarm', Status: 'Status' }),
        Auth: service({
          AuthEnable: 'AuthEnable',
          AuthStatus: 'AuthStatus',
          UserAdd: 'AuthUserAdd',
          UserGet: 'AuthUserGet',
          UserList: 'AuthUserList',
          UserDelete: 'AuthUserDelete',
          UserGrantRole: 'AuthUserGrantRole',
          UserRevokeRole: 'AuthUserRevokeRole',
          RoleList: 'AuthRoleList',
          RoleAdd: 'AuthRoleAdd',
          RoleGet: 'AuthRoleGet',
          RoleDelete: 'AuthRoleDelete',
          RoleGrantPermission: 'AuthRoleGrantPermission',
          RoleRevokePermission: 'AuthRoleRevokePermission',
        }),
      },
    },
  },
};

type FieldSpec = readonly [type: string, id: number, rule?: 'repeated'];

function message(fields: Readonly<Record<string, FieldSpec>>) {
  return {
    fields: Object.fromEntries(
      Object.entries(fields).map(([name, [type, id, rule]]) => [
        name,
        rule === undefined ? { type, id } : { type, id, rule },
      ]),
    ),
  };
}

/** Methods by name; each takes `<prefix>Request` and returns `<prefix>Response`. */
function service(methods: Readonly<Record<string, string>>) {
  return {
    methods: Object.fromEntries(
      Object.entries(methods).map(([name, prefix]) => [
        name,
        { requestType: `${prefix}Request`, responseType: `${prefix}Response`, comment: '' },
      ]),
    ),
  };
}

function keyValueMessages() {
  return {
    RangeRequest: message({
      key: ['bytes', 1],
      rangeEnd: ['bytes', 2],
      limit: ['int64', 3],
      revision: ['int64', 4],
      keysOnly: ['bool', 8],
      countOnly: ['bool', 9],
    }),
    RangeResponse: message({
      header: ['ResponseHeader', 1],
      kvs: ['mvccpb.KeyValue', 2, 'repeated'],
      more: ['bool', 3],
      count: ['int64', 4],
    }),
    PutRequest: message({ key: ['bytes', 1], value: ['bytes', 2], lease: ['int64', 3], prevKv: ['bool', 4] }),
    PutResponse: message({ header: ['ResponseHeader', 1], prevKv: ['mvccpb.KeyValue', 2] }),
    DeleteRangeRequest: message({ key: ['bytes', 1], rangeEnd: ['bytes', 2], prevKv: ['bool', 3] }),
    DeleteRangeResponse: message({ header: ['ResponseHeader', 1], deleted: ['int64', 2] }),
    RequestOp: {
      ...message({
        requestRange: ['RangeRequest', 1],
        requestPut: ['PutRequest', 2],
        requestDeleteRange: ['DeleteRangeRequest', 3],
        requestTxn: ['TxnRequest', 4],
      }),
      oneofs: { request: { oneof: ['requestRange', 'requestPut', 'requestDeleteRange', 'requestTxn'] } },
    },
    ResponseOp: {
      ...message({
        responseRange: ['RangeResponse', 1],
        responsePut: ['PutResponse', 2],
        responseDeleteRange: ['DeleteRangeResponse', 3],
        responseTxn: ['TxnResponse', 4],
      }),
      oneofs: { response: { oneof: ['responseRange', 'responsePut', 'responseDeleteRange', 'responseTxn'] } },
    },
    Compare: {
      ...message({
        result: ['CompareResult', 1],
        target: ['CompareTarget', 2],
        key: ['bytes', 3],
        version: ['int64', 4],
      }),
      oneofs: { targetUnion: { oneof: ['version'] } },
      nested: {
        CompareResult: { values: { EQUAL: 0, GREATER: 1, LESS: 2, NOT_EQUAL: 3 } },
        CompareTarget: { values: { VERSION: 0, CREATE: 1, MOD: 2, VALUE: 3, LEASE: 4 } },
      },
    },
    TxnRequest: message({
      compare: ['Compare', 1, 'repeated'],
      success: ['RequestOp', 2, 'repeated'],
      failure: ['RequestOp', 3, 'repeated'],
    }),
    TxnResponse: message({
      header: ['ResponseHeader', 1],
      succeeded: ['bool', 2],
      responses: ['ResponseOp', 3, 'repeated'],
    }),
  };
}

function authMessages() {
  const empty = message({});
  const name = message({ name: ['string', 1] });
  const role = message({ role: ['string', 1] });
  return {
    AuthEnableRequest: empty,
    AuthEnableResponse: empty,
    AuthStatusRequest: empty,
    AuthStatusResponse: message({ header: ['ResponseHeader', 1], enabled: ['bool', 2], authRevision: ['uint64', 3] }),
    AuthUserAddRequest: message({
      name: ['string', 1],
      password: ['string', 2],
      options: ['authpb.UserAddOptions', 3],
    }),
    AuthUserAddResponse: empty,
    AuthUserGetRequest: name,
    AuthUserGetResponse: message({ roles: ['string', 2, 'repeated'] }),
    AuthUserListRequest: empty,
    AuthUserListResponse: message({ users: ['string', 2, 'repeated'] }),
    AuthUserDeleteRequest: name,
    AuthUserDeleteResponse: empty,
    AuthUserGrantRoleRequest: message({ user: ['string', 1], role: ['string', 2] }),
    AuthUserGrantRoleResponse: empty,
    AuthUserRevokeRoleRequest: message({ name: ['string', 1], role: ['string', 2] }),
    AuthUserRevokeRoleResponse: empty,
    AuthRoleListRequest: empty,
    AuthRoleListResponse: message({ roles: ['string', 2, 'repeated'] }),
    AuthRoleAddRequest: name,
    AuthRoleAddResponse: empty,
    AuthRoleGetRequest: role,
    AuthRoleGetResponse: message({ perm: ['authpb.Permission', 2, 'repeated'] }),
    AuthRoleDeleteRequest: role,
    AuthRoleDeleteResponse: empty,
    AuthRoleGrantPermissionRequest: message({ name: ['string', 1], perm: ['authpb.Permission', 2] }),
    AuthRoleGrantPermissionResponse: empty,
    AuthRoleRevokePermissionRequest: message({ role: ['string', 1], key: ['bytes', 2], rangeEnd: ['bytes', 3] }),
    AuthRoleRevokePermissionResponse: empty,
  };
}
