import { configMaps, type Secret, secrets } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import { createClient } from '#runtime/client/kube-client.ts';
import type { KubeObject, Resource } from '#runtime/client/resource.ts';
import { keyOf, keyString } from '#runtime/client/resource.ts';
import type { ApiServer } from '../../api-server/api-server.ts';

/** An API server as those see it who play the rest of the cluster: lists are kept until something of the kind changes. */
export class ClusterView {
  readonly server: ApiServer;
  readonly client: Client;
  readonly #lists = new Map<string, { readonly at: string; readonly items: readonly KubeObject[] }>();
  readonly #changes = new Map<string, number>();
  #seen = 0;
  #hasNews = false;
  #count = 0;
  #collections = 0;

  constructor(server: ApiServer) {
    this.server = server;
    this.client = createClient(server.transport());
  }

  /** How often anything was changed so far, Events and Leases aside. */
  get changes(): number {
    this.#index();
    return this.#count;
  }

  /** Whether anything was changed since the last call, Events and Leases aside. */
  notice(): boolean {
    this.#index();
    const changed = this.#hasNews;
    this.#hasNews = false;
    return changed;
  }

  /** Lets the garbage collector and the namespace controller do their work. */
  collectGarbage(): void {
    const writes = this.server.collectGarbage();
    if (writes === 0) return;
    // No request tells of it.
    this.#collections += 1;
    this.#count += writes;
    this.#hasNews = true;
  }

  async list<T extends KubeObject>(resource: Resource<T>): Promise<readonly T[]> {
    this.#index();
    const kind = `${resource.group}/${resource.plural}`;
    const at = `${this.#collections} ${this.#changes.get(kind) ?? 0}`;
    const known = this.#lists.get(kind);
    // The name contains group and plural, and those determine T.
    if (known?.at === at) return known.items as readonly T[];
    const { items } = await this.client.list(resource);
    this.#lists.set(kind, { at, items });
    return items;
  }

  async find<T extends KubeObject>(resource: Resource<T>, namespace: string, name: string): Promise<T | undefined> {
    return (await this.list(resource)).find(
      ({ metadata }) => metadata?.name === name && (metadata.namespace ?? '') === namespace,
    );
  }

  /** What a volume would hold: the data of a Secret or ConfigMap, as text. */
  async files(kind: 'secret' | 'configMap', namespace: string, name: string): Promise<Files | undefined> {
    if (kind === 'configMap') return (await this.find(configMaps, namespace, name))?.data;
    const secret = await this.find(secrets, namespace, name);
    return secret === undefined ? undefined : textsOf(secret);
  }

  /** Objects that the given one controls. */
  async controlledBy<T extends KubeObject>(resource: Resource<T>, owner: KubeObject): Promise<readonly T[]> {
    const { uid } = owner.metadata ?? {};
    return (await this.list(resource)).filter(
      ({ metadata }) => metadata?.ownerReferences?.some((one) => one.controller === true && one.uid === uid) === true,
    );
  }

  /** Writes a status, unless it is so already. */
  async status<T extends KubeObject & { readonly status?: object }>(
    resource: Resource<T>,
    object: T,
    status: object,
  ): Promise<void> {
    const present: Readonly<Record<string, unknown>> = { ...object.status };
    const same = Object.entries(status).every(
      ([field, value]) => JSON.stringify(present[field]) === JSON.stringify(value),
    );
    if (same) return;
    await this.client.mergePatch(resource, keyOf(object), { status }, { subresource: 'status' });
  }

  #index(): void {
    const { requests } = this.server;
    for (; this.#seen < requests.length; this.#seen += 1) {
      const request = requests[this.#seen];
      if (request?.changed !== true) continue;
      this.#changes.set(`${request.group}/${request.resource}`, this.#seen + 1);
      if (request.resource === 'events' || request.resource === 'leases') continue;
      this.#hasNews = true;
      this.#count += 1;
    }
  }
}

/** Names and contents. */
export type Files = Readonly<Record<string, string>>;

/** The values of a Secret as text. */
export function textsOf({ data = {} }: Secret): Files {
  return Object.fromEntries(
    Object.entries(data).map(([key, encoded]) => [key, Buffer.from(encoded, 'base64').toString('utf8')]),
  );
}

/** Something that plays a part of the cluster: looks at all there is and does what is due; answers in how many milliseconds more is. */
export interface Actor {
  readonly name: string;
  step(): Promise<number | undefined>;
}

/** The sooner of several times to act. */
export function soonest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** When something first happened, as long as it goes on: remembers keys until they are no longer mentioned. */
export class Since {
  readonly #times = new Map<string, number>();

  /** How long `object` has been as it is. */
  elapsed(object: KubeObject, now: number): number {
    const key = `${keyString(keyOf(object))}/${object.metadata?.uid ?? ''}`;
    const since = this.#times.get(key) ?? now;
    this.#times.set(key, since);
    return now - since;
  }
}
