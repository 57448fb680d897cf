import { labels } from '#api/labels.ts';
import { namesOfControlPlane } from '#controlplane/names.ts';
import { signClusterInfo } from '#bootstrap/cluster-info.ts';
import type { ConfigMap, Pod } from '#runtime/client/builtin.ts';
import { configMaps, secrets, services } from '#runtime/client/builtin.ts';
import { ApiError, NetworkError } from '#runtime/client/errors.ts';
import { keyOf } from '#runtime/client/resource.ts';
import type { Transport, TransportOptions } from '#runtime/client/transport.ts';
import type { Clock } from '#runtime/clock.ts';
import { createApiServer } from '../../api-server/api-server.ts';
import type { Actor, Files } from './cluster-view.ts';
import { ClusterView, soonest, textsOf } from './cluster-view.ts';
import type { Kubelet } from './kubelet.ts';
import { valueOf } from './pod-state.ts';
import type { Stores } from './stores.ts';
import { clientGroups, clientName, isFor, isSignedBy } from './tls.ts';

/** The API of one tenant as its store has it. */
interface Tenant {
  readonly view: ClusterView;
  /** The key whose end is the end of all that the tenant has. */
  readonly isStored: () => boolean;
}

export interface TenantsOptions {
  readonly management: ClusterView;
  readonly kubelet: Kubelet;
  readonly stores: Stores;
  readonly clock: Clock;
  readonly random: () => number;
}

/**
 * The tenants' API servers: each lives as long as its data in the store, answers while a pod of its control plane is ready,
 * and knows its clients by the authority that this pod has. With their controllers, as far as anyone here notices them.
 */
export class Tenants implements Actor {
  readonly name = 'tenants';
  readonly #options: TenantsOptions;
  readonly #tenants = new Map<string, Tenant>();

  constructor(options: TenantsOptions) {
    this.#options = options;
  }

  /** Every tenant with data, by `endpoint of its store/schema`. */
  get all(): ReadonlyMap<string, ClusterView> {
    for (const [key, { isStored }] of this.#tenants) if (!isStored()) this.#tenants.delete(key);
    return new Map([...this.#tenants].map(([key, { view }]) => [key, view]));
  }

  notice(): boolean {
    return [...this.all.values()].map((view) => view.notice()).includes(true);
  }

  /** A connection as a tenant pool opens it, to whatever stands behind the address at each request. */
  connect(options: TransportOptions): Transport {
    const reach = async (): Promise<Transport> => {
      const pod = await this.#podBehind(new URL(options.server));
      const groups = this.#authenticate(pod, options);
      // Rights inside a tenant are not simulated: nobody here is anyone but its administrator.
      if (!groups.includes('system:masters')) throw new ApiError({ message: 'forbidden', status: 403 });
      return (await this.#apiBehind(pod)).server.transport();
    };
    return {
      request: async (request) => (await reach()).request(request),
      stream: async (request) => (await reach()).stream(request),
      close: async () => {},
    };
  }

  async step(): Promise<number | undefined> {
    const waits: (number | undefined)[] = [];
    for (const { collectGarbage, client, list } of [...this.all.values()].map(bound)) {
      collectGarbage();
      const tokens = new Map<string, string>();
      for (const secret of await list(secrets)) {
        if (secret.type !== 'bootstrap.kubernetes.io/token') continue;
        const { 'token-id': id = '', 'token-secret': text = '', expiration = '' } = textsOf(secret);
        const left = Date.parse(expiration) - this.#options.clock.now();
        if (left > 0) waits.push(left);
        if (left > 0) tokens.set(id, text);
        else await client.delete(secrets, keyOf(secret));
      }
      const info = (await list(configMaps)).find(({ metadata }) => metadata?.name === 'cluster-info');
      const data = info === undefined ? {} : await signatures(info, tokens);
      if (info !== undefined && Object.keys(data).length > 0)
        await client.mergePatch(configMaps, keyOf(info), { data });
    }
    return soonest(waits);
  }

  /** The API of a tenant for the test itself, whether or not anything serves it. */
  async viewOf(namespace: string, name: string): Promise<ClusterView | undefined> {
    const [pod] = await this.#options.kubelet.readyPods(namespace, { [labels.name]: name });
    return pod === undefined ? undefined : this.#apiBehind(pod);
  }

  async #podBehind(url: URL): Promise<Pod> {
    const { management, kubelet } = this.#options;
    const host = url.hostname.replace(/^\[|\]$/gu, '');
    const service = (await management.list(services)).find(({ spec }) => spec?.clusterIP === host);
    if (service === undefined) throw new NetworkError('TIMEOUT', `${url.host}: nobody has this address`);
    const served = service.spec?.ports?.some(({ port }) => String(port) === url.port) === true;
    const [pod] = await kubelet.readyPods(service.metadata?.namespace ?? '', service.spec?.selector ?? {});
    if (!served || pod === undefined) throw new NetworkError('CONNECTION_REFUSED', `${url.host}: connection refused`);
    return pod;
  }

  #authenticate(pod: Pod, { tls = {} }: TransportOptions): readonly string[] {
    const { 'apiserver.crt': serving = '' } = this.#fileOf(pod, 'apiServerCertificate');
    const { 'ca.crt': clientCa = '' } = this.#fileOf(pod, 'ca');
    const now = this.#options.clock.now();
    if (!isSignedBy(serving, tls.ca ?? '', now) || !isFor(serving, tls.serverName ?? '')) {
      throw new NetworkError('TLS_ERROR', 'the server shows a certificate that is not trusted');
    }
    const certificate = tls.cert ?? '';
    if (!isSignedBy(certificate, clientCa, now)) {
      throw new ApiError({ message: `Unauthorized: ${clientName(certificate)}`, status: 401, reason: 'Unauthorized' });
    }
    return clientGroups(certificate);
  }

  #fileOf(pod: Pod, of: 'ca' | 'apiServerCertificate'): Files {
    const names = namesOfControlPlane(pod.metadata?.labels?.[labels.name] ?? '');
    return this.#options.kubelet.filesOf(pod).get(names[of]) ?? {};
  }

  async #apiBehind(pod: Pod): Promise<ClusterView> {
    const container = pod.spec?.containers.find(({ name }) => name === 'kube-apiserver');
    const endpoint =
      valueOf(container?.args, '--etcd-servers')
        .replace(/^https:\/\//u, '')
        .split(',')[0] ?? '';
    const prefix = valueOf(container?.args, '--etcd-prefix');
    const store = await this.#options.stores.find(endpoint);
    const marker = `${prefix}/registry/namespaces/kube-system`;
    if (store?.data.keys.has(marker) !== true) {
      throw new ApiError({ message: 'etcdserver: permission denied', status: 500, reason: 'InternalError' });
    }
    const key = `${endpoint}${prefix}`;
    const known = this.all.get(key);
    if (known !== undefined) return known;
    const { clock, random } = this.#options;
    const view = new ClusterView(createApiServer({ clock, random }));
    this.#tenants.set(key, { view, isStored: () => store.data.keys.has(marker) });
    return view;
  }
}

function bound(view: ClusterView) {
  return { collectGarbage: view.collectGarbage.bind(view), client: view.client, list: view.list.bind(view) };
}

/** What the bootstrap signer changes in cluster-info: a signature for each token, and none for others. */
async function signatures(
  { data = {} }: ConfigMap,
  tokens: ReadonlyMap<string, string>,
): Promise<Readonly<Record<string, string | null>>> {
  const changes: Record<string, string | null> = {};
  for (const key of Object.keys(data)) {
    const [, id] = /^jws-kubeconfig-(.+)$/u.exec(key) ?? [];
    if (id !== undefined && !tokens.has(id)) changes[key] = null;
  }
  for (const [id, secret] of tokens) {
    const signature = await signClusterInfo(data['kubeconfig'] ?? '', id, secret);
    if (data[`jws-kubeconfig-${id}`] !== signature) changes[`jws-kubeconfig-${id}`] = signature;
  }
  return changes;
}
