import { refusals, toEtcdError } from '#datastore/etcd/failure.ts';
import { GrpcStatusError } from '#datastore/etcd/grpc-exchange.ts';
import type { KeyRange, Method, Permission } from '#datastore/etcd/protocol.ts';
import { etcd } from '#datastore/etcd/protocol.ts';

type Calls = typeof etcd;
type Handlers = {
  readonly [N in keyof Calls]: (request: Parameters<Calls[N]['encode']>[0]) => ReturnType<Calls[N]['decode']>;
};

const ROOT = 'root';
const NOT_FOUND = 9;

/**
 * What is in one etcd: keys, users, roles. Answers the driver's calls as etcd does, refusals in its own words (etcd:
 * server/auth/store.go). Each call is one step: nothing happens in between.
 */
export class EtcdData {
  readonly clusterId: string;
  readonly #keys = new Map<string, string>();
  readonly #users = new Map<string, Set<string>>();
  readonly #roles = new Map<string, Permission[]>();
  #authEnabled = false;
  /** Counts changes. */
  revision = 0;

  constructor(clusterId: string) {
    this.clusterId = clusterId;
  }

  get keys(): ReadonlyMap<string, string> {
    return this.#keys;
  }

  /** Users with their roles. */
  get users(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#users;
  }

  /** Roles with what they grant. */
  get roles(): ReadonlyMap<string, readonly Permission[]> {
    return this.#roles;
  }

  get authEnabled(): boolean {
    return this.#authEnabled;
  }

  /** What a process may do that shows the client certificate of that user. */
  mayWrite(user: string, key: string): boolean {
    if (!this.#authEnabled) return true;
    const bytes = Buffer.from(key);
    return [...(this.#users.get(user) ?? [])].some(
      (role) =>
        role === ROOT ||
        this.#roles.get(role)?.some((grant) => grant.permType !== 'READ' && contains(grant, bytes)) === true,
    );
  }

  /** What its administrator does once: makes `root` and turns authorization on. */
  becomeReady(): void {
    this.#users.set(ROOT, new Set([ROOT]));
    this.#authEnabled = true;
    this.revision += 1;
  }

  put(key: string, value: string): void {
    this.#keys.set(key, value);
    this.revision += 1;
  }

  /** One call under the user of a client certificate; throws as the channel does. */
  call<Request extends object, Response extends object>(
    user: string,
    method: Method<Request, Response>,
    request: Request,
    endpoint: string,
  ): Response {
    try {
      const found = Object.entries(etcd).find(([, one]) => one.path === method.path);
      if (found === undefined) throw new GrpcStatusError(12, `unknown method ${method.path}`);
      const name = found[0] as keyof Calls;
      this.#authorize(user, name);
      // Method and handler go by one name, which the compiler cannot follow.
      const handle = this.#handlers[name] as unknown as (request: Request) => Response;
      return handle(request);
    } catch (error) {
      throw toEtcdError(error, endpoint);
    }
  }

  #authorize(user: string, name: keyof Calls): void {
    if (!this.#authEnabled || name === 'status') return;
    const roles = this.#users.get(user);
    if (roles === undefined) throw new GrpcStatusError(NOT_FOUND, refusals.userMissing);
    if (!roles.has(ROOT)) throw new GrpcStatusError(7, 'etcdserver: permission denied');
  }

  readonly #handlers: Handlers = {
    status: () => ({
      header: this.#header(),
      version: '3.6.16',
      dbSize: '65536',
      dbSizeQuota: '2147483648',
      errors: [],
    }),
    alarm: () => ({ alarms: [] }),
    authStatus: () => ({ enabled: this.#authEnabled }),
    authEnable: () => {
      const roles = this.#users.get(ROOT);
      if (roles === undefined) throw new GrpcStatusError(NOT_FOUND, 'etcdserver: root user does not exist');
      if (!roles.has(ROOT)) throw new GrpcStatusError(NOT_FOUND, 'etcdserver: root user does not have root role');
      if (!this.#authEnabled) this.revision += 1;
      this.#authEnabled = true;
      return {};
    },
    range: (range) => {
      const { limit = 0 } = range;
      const found = this.#within(range);
      const asked = range.countOnly === true ? [] : found;
      const kvs = (limit > 0 ? asked.slice(0, limit) : asked).map((key) => ({
        key: Buffer.from(key),
        value: Buffer.from(range.keysOnly === true ? '' : (this.#keys.get(key) ?? '')),
      }));
      return { header: this.#header(), kvs, more: kvs.length < asked.length, count: String(found.length) };
    },
    deleteRange: (range) => {
      const found = this.#within(range);
      for (const key of found) this.#keys.delete(key);
      this.revision += found.length;
      return { deleted: String(found.length) };
    },
    txn: ({ compare, success }) => {
      const holds = compare.every(({ key, version }) => !this.#keys.has(key.toString()) === (version === '0'));
      if (holds) for (const { requestPut } of success) this.put(requestPut.key.toString(), requestPut.value.toString());
      return { succeeded: holds };
    },
    userAdd: ({ name }) => {
      if (this.#users.has(name)) throw new GrpcStatusError(NOT_FOUND, refusals.userExists);
      this.#users.set(name, new Set());
      return this.#changed();
    },
    userGet: ({ name }) => ({ roles: [...this.#rolesOf(name)] }),
    userList: () => ({ users: [...this.#users.keys()] }),
    userDelete: ({ name }) => {
      this.#rolesOf(name);
      if (this.#authEnabled && name === ROOT) {
        throw new GrpcStatusError(3, 'etcdserver: invalid auth management');
      }
      this.#users.delete(name);
      return this.#changed();
    },
    userGrantRole: ({ user, role }) => {
      const roles = this.#rolesOf(user);
      if (role !== ROOT) this.#permissionsOf(role);
      roles.add(role);
      return this.#changed();
    },
    userRevokeRole: ({ name, role }) => {
      if (!this.#rolesOf(name).delete(role)) throw new GrpcStatusError(NOT_FOUND, refusals.roleNotGranted);
      return this.#changed();
    },
    roleList: () => ({ roles: [...this.#roles.keys()] }),
    roleAdd: ({ name }) => {
      if (this.#roles.has(name)) throw new GrpcStatusError(NOT_FOUND, refusals.roleExists);
      this.#roles.set(name, []);
      return this.#changed();
    },
    roleGet: ({ role }) => ({ perm: [...this.#permissionsOf(role)] }),
    roleDelete: ({ role }) => {
      this.#permissionsOf(role);
      this.#roles.delete(role);
      for (const roles of this.#users.values()) roles.delete(role);
      return this.#changed();
    },
    roleGrantPermission: ({ name, perm }) => {
      const kept = this.#permissionsOf(name).filter((grant) => !sameRange(grant, perm));
      this.#roles.set(name, [...kept, perm]);
      return this.#changed();
    },
    roleRevokePermission: ({ role, ...range }) => {
      const permissions = this.#permissionsOf(role);
      const kept = permissions.filter((grant) => !sameRange(grant, range));
      if (kept.length === permissions.length) throw new GrpcStatusError(NOT_FOUND, refusals.permissionNotGranted);
      this.#roles.set(role, kept);
      return this.#changed();
    },
  };

  #header() {
    return { clusterId: this.clusterId, memberId: '1', revision: String(this.revision) };
  }

  #changed(): object {
    this.revision += 1;
    return {};
  }

  #within(range: KeyRange): readonly string[] {
    return [...this.#keys.keys()].filter((key) => contains(range, Buffer.from(key))).sort();
  }

  #rolesOf(user: string): Set<string> {
    const roles = this.#users.get(user);
    if (roles === undefined) throw new GrpcStatusError(NOT_FOUND, refusals.userMissing);
    return roles;
  }

  #permissionsOf(role: string): readonly Permission[] {
    const permissions = this.#roles.get(role);
    if (permissions === undefined) throw new GrpcStatusError(NOT_FOUND, refusals.roleMissing);
    return permissions;
  }
}

function contains({ key, rangeEnd }: KeyRange, candidate: Buffer): boolean {
  if (rangeEnd === undefined || rangeEnd.length === 0) return candidate.equals(key);
  return candidate.compare(key) >= 0 && candidate.compare(rangeEnd) < 0;
}

function sameRange(one: KeyRange, other: KeyRange): boolean {
  return one.key.equals(other.key) && (one.rangeEnd ?? none).equals(other.rangeEnd ?? none);
}

const none = Buffer.alloc(0);
