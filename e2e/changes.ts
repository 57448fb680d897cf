import { isDeepStrictEqual } from 'node:util';
import { type KubeObject, keyOf, keyString, type Resource } from '#runtime/client/resource.ts';
import type { Transport } from '#runtime/client/transport.ts';
import { connect, recordHistory, type Version } from '#test/lab/history.ts';

/** Watches on every kind that an API server has. */
export interface ChangeWatch extends AsyncDisposable {
  /** What has changed since the watches were opened, the oldest first. Throws when a watch broke. */
  changes(): readonly Change[];
}

export interface Change {
  /** When it was told, by this machine's clock. */
  readonly at: Date;
  /** For people: which object, and what of it. */
  readonly text: string;
}

/**
 * Watches the objects of all kinds, but those of `excepted` ones, from now on until disposed. Whatever the API server stores
 * is a change, whoever wrote it.
 */
export async function watchChanges(
  kubeconfig: string,
  excepted: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<ChangeWatch> {
  const transport = await connect(kubeconfig);
  const resources = (await watchableResources(transport, signal)).filter(({ kind }) => !excepted.has(kind));
  const histories = await Promise.all(resources.map((resource) => recordHistory(transport, resource, {}, signal)));
  return {
    changes() {
      const all = histories.flatMap((history) => changesIn(history.versions()));
      return all.toSorted((one, other) => one.at.getTime() - other.at.getTime());
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(histories.map((history) => history[Symbol.asyncDispose]()));
      await transport.close();
    },
  };
}

function changesIn(versions: readonly Version<KubeObject>[]): readonly Change[] {
  const before = new Map<string, KubeObject>();
  return versions.flatMap(({ type, object, at }) => {
    const key = keyString(keyOf(object));
    const last = before.get(key);
    before.set(key, object);
    if (type === 'PRESENT') return [];
    const fields = type === 'MODIFIED' && last !== undefined ? ` (${differences(last, object).join(', ')})` : '';
    return [{ at, text: `${at.toISOString()} ${type} ${object.kind ?? ''} ${key}${fields}` }];
  });
}

const bookkeeping = new Set(['metadata.managedFields', 'metadata.resourceVersion']);

/** Paths at which two JSON values differ; arrays are compared whole. */
function differences(one: unknown, other: unknown, path = ''): readonly string[] {
  if (bookkeeping.has(path) || isDeepStrictEqual(one, other)) return [];
  if (!isRecord(one) || !isRecord(other)) return [path];
  const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return keys.flatMap((key) => differences(one[key], other[key], path === '' ? key : `${path}.${key}`));
}

/** Every kind that can be listed and watched, in the version that the server prefers (Kubernetes: API discovery). */
async function watchableResources(transport: Transport, signal: AbortSignal): Promise<readonly Resource[]> {
  const read = async <T>(path: string): Promise<T> =>
    JSON.parse((await transport.request({ method: 'GET', path, signal })).body);
  const { groups } = await read<GroupList>('/apis');
  const paths = ['/api/v1', ...groups.map(({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`)];
  const lists = await Promise.all(paths.map((path) => read<ResourceList>(path)));
  return lists.flatMap(({ groupVersion, resources }) => {
    const [version = '', group = ''] = groupVersion.split('/').toReversed();
    return resources
      .filter(({ verbs }) => verbs.includes('list') && verbs.includes('watch'))
      .map(({ name, kind, namespaced }) => ({ group, version, kind, plural: name, namespaced }));
  });
}

interface GroupList {
  readonly groups: readonly { readonly preferredVersion: { readonly groupVersion: string } }[];
}

interface ResourceList {
  readonly groupVersion: string;
  readonly resources: readonly {
    readonly name: string;
    readonly kind: string;
    readonly namespaced: boolean;
    readonly verbs: readonly string[];
  }[];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
