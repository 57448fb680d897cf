import { labels } from '#api/labels.ts';
import { namesOfControlPlane } from '#controlplane/names.ts';
import type { Pod } from '#runtime/client/builtin.ts';
import { pods } from '#runtime/client/builtin.ts';
import type { Clock } from '#runtime/clock.ts';
import type { Actor, ClusterView, Files } from './cluster-view.ts';
import { soonest } from './cluster-view.ts';
import { isReady, valueOf } from './pod-state.ts';
import type { Stores } from './stores.ts';
import { clientName, isSignedBy } from './tls.ts';

/** What a running pod holds: the files of its volumes as they were when it started, by Secret or ConfigMap. */
interface StartedPod {
  readonly files: ReadonlyMap<string, Files>;
  readonly bootedAt: number;
}

const MOUNT_AGAIN_MS = 1_000;
const BOOT_MS = 2_000;

/**
 * Starts pods: waits for what they mount, takes a while to boot, and is ready when the program inside could do its work: an
 * API server needs its certificates and its place in its store. Files stay as they were at the start.
 */
export class Kubelet implements Actor {
  readonly name = 'kubelet';
  readonly #view: ClusterView;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #stores: Stores;
  readonly #started = new Map<string, StartedPod>();

  constructor(view: ClusterView, clock: Pick<Clock, 'now'>, stores: Stores) {
    this.#view = view;
    this.#clock = clock;
    this.#stores = stores;
  }

  async step(): Promise<number | undefined> {
    const waits: (number | undefined)[] = [];
    for (const pod of await this.#view.list(pods)) {
      if (!isReady(pod)) waits.push(await this.#bringUp(pod));
    }
    return soonest(waits);
  }

  /** The files of a ready pod, as its processes have read them. */
  filesOf(pod: Pod): ReadonlyMap<string, Files> {
    return this.#started.get(pod.metadata?.uid ?? '')?.files ?? new Map();
  }

  /** Pods that are ready and carry these labels, in order of their names. */
  async readyPods(namespace: string, selector: Readonly<Record<string, string>>): Promise<readonly Pod[]> {
    return (await this.#view.list(pods)).filter(
      (pod) =>
        pod.metadata?.namespace === namespace &&
        isReady(pod) &&
        Object.entries(selector).every(([key, value]) => pod.metadata?.labels?.[key] === value),
    );
  }

  async #bringUp(pod: Pod): Promise<number | undefined> {
    const uid = pod.metadata?.uid ?? '';
    const now = this.#clock.now();
    const started = this.#started.get(uid);
    if (started === undefined) {
      const files = await this.#mount(pod);
      if (files === undefined) return MOUNT_AGAIN_MS;
      this.#started.set(uid, { files, bootedAt: now + BOOT_MS });
      return BOOT_MS;
    }
    if (now < started.bootedAt) return started.bootedAt - now;
    if (!(await this.#works(pod, started.files))) {
      // It ends without its store, and is started again with what its volumes hold then.
      this.#started.delete(uid);
      return MOUNT_AGAIN_MS;
    }
    const conditions = [
      { type: 'PodScheduled', status: 'True' },
      { type: 'Ready', status: 'True' },
    ];
    await this.#view.status(pods, pod, { phase: 'Running', conditions });
    return undefined;
  }

  async #mount({ metadata, spec }: Pod): Promise<ReadonlyMap<string, Files> | undefined> {
    const files = new Map<string, Files>();
    for (const { kind, name, keys } of (spec?.volumes ?? []).flatMap(sourcesOf)) {
      const found = await this.#view.files(kind, metadata?.namespace ?? '', name);
      if (found === undefined || keys.some((key) => found[key] === undefined)) return undefined;
      files.set(name, found);
    }
    return files;
  }

  async #works(pod: Pod, files: ReadonlyMap<string, Files>): Promise<boolean> {
    const apiServer = pod.spec?.containers.find(({ name }) => name === 'kube-apiserver');
    if (apiServer === undefined) return true;
    const names = namesOfControlPlane(pod.metadata?.labels?.[labels.name] ?? '');
    const { 'ca.crt': storeCa = '', 'server.crt': client = '' } = files.get(names.datastoreCertificate) ?? {};
    const { 'apiserver.crt': serving = '' } = files.get(names.apiServerCertificate) ?? {};
    const { 'ca.crt': ca = '' } = files.get(names.ca) ?? {};
    const endpoint =
      valueOf(apiServer.args, '--etcd-servers')
        .replace(/^https:\/\//u, '')
        .split(',')[0] ?? '';
    const prefix = valueOf(apiServer.args, '--etcd-prefix');
    const now = this.#clock.now();
    if (!isSignedBy(serving, ca, now) || !isSignedBy(client, storeCa, now)) return false;
    const store = await this.#stores.find(endpoint);
    if (store === undefined || !isSignedBy(client, store.caPem, now)) return false;
    const key = `${prefix}/registry/namespaces/kube-system`;
    if (!store.data.mayWrite(clientName(client), key)) return false;
    if (!store.data.keys.has(key)) store.data.put(key, 'v1');
    return true;
  }
}

interface FileSource {
  readonly kind: 'secret' | 'configMap';
  readonly name: string;
  readonly keys: readonly string[];
}

type Volume = NonNullable<NonNullable<Pod['spec']>['volumes']>[number];

function sourcesOf({ secret, configMap, projected }: Volume): readonly FileSource[] {
  const keysOf = (items: readonly { readonly key: string }[] | undefined) => (items ?? []).map(({ key }) => key);
  const of = (kind: FileSource['kind'], name: string | undefined, items?: readonly { readonly key: string }[]) =>
    name === undefined ? [] : [{ kind, name, keys: keysOf(items) }];
  return [
    ...of('secret', secret?.secretName, secret?.items),
    ...of('configMap', configMap?.name, configMap?.items),
    ...(projected?.sources ?? []).flatMap((one) => [
      ...of('secret', one.secret?.name, one.secret?.items),
      ...of('configMap', one.configMap?.name, one.configMap?.items),
    ]),
  ];
}
