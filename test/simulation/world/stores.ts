import { createHash } from 'node:crypto';
import type { EtcdCalls, EtcdChannelOptions } from '#datastore/etcd/channel.ts';
import { toEtcdError } from '#datastore/etcd/failure.ts';
import { MANAGED_LABEL } from '#datastore/managed.ts';
import type { Pod } from '#runtime/client/builtin.ts';
import { persistentVolumeClaims, pods, services } from '#runtime/client/builtin.ts';
import type { Clock } from '#runtime/clock.ts';
import type { ClusterView } from './cluster-view.ts';
import { EtcdData } from './etcd.ts';
import { isReady } from './pod-state.ts';
import { clientName, isSignedBy } from './tls.ts';

/** An etcd that answers. */
export interface Store {
  readonly data: EtcdData;
  /** Who signs its clients and itself. */
  readonly caPem: string;
}

/** Every etcd of a simulation: those that its user brings, and those that the manager runs, whose data lives with their volumes. */
export class Stores {
  readonly #view: ClusterView;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #brought = new Map<string, Store>();
  readonly #onVolumes = new Map<string, EtcdData>();

  constructor(view: ClusterView, clock: Pick<Clock, 'now'>) {
    this.#view = view;
    this.#clock = clock;
  }

  /** An etcd at that `host:port`, whatever the manager does. */
  bring(endpoint: string, store: Store): void {
    this.#brought.set(endpoint, store);
  }

  /** All data that there is, by where it is. */
  get all(): ReadonlyMap<string, EtcdData> {
    return new Map([
      ...[...this.#brought].map(([endpoint, { data }]) => [endpoint, data] as const),
      ...this.#onVolumes,
    ]);
  }

  /** The etcd behind an endpoint; undefined while it does not answer. */
  async find(endpoint: string): Promise<Store | undefined> {
    return this.#brought.get(endpoint) ?? (await this.#findManaged(endpoint));
  }

  /** A channel of a client, as the driver opens it. */
  connect({ endpoints, tls }: EtcdChannelOptions): EtcdCalls {
    const [endpoint = ''] = endpoints;
    const call: EtcdCalls['call'] = async (method, request, signal) => {
      signal.throwIfAborted();
      const store = await this.find(endpoint);
      if (store === undefined) throw toEtcdError(socketError('ECONNREFUSED'), endpoint);
      const certificate = tls.client?.certificate ?? '';
      const trusted = tls.ca === store.caPem && isSignedBy(certificate, store.caPem, this.#clock.now());
      if (!trusted) throw toEtcdError(socketError('ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'), endpoint);
      return store.data.call(clientName(certificate), method, request, endpoint);
    };
    return {
      call,
      callEach: async (method, request, signal) => [await call(method, request, signal)],
      close: () => {},
    };
  }

  async #findManaged(endpoint: string): Promise<Store | undefined> {
    const [, base = '', namespace = ''] = /^([^.]+)\.([^.]+)\.svc:\d+$/u.exec(endpoint) ?? [];
    if ((await this.#view.find(services, namespace, base)) === undefined) return undefined;
    const member = (await this.#view.list(pods)).find(
      (pod) => pod.metadata?.namespace === namespace && pod.metadata.labels?.[MANAGED_LABEL] === base && isReady(pod),
    );
    const caPem = (await this.#view.files('secret', namespace, `${base}-server`))?.['ca.crt'];
    return member === undefined || caPem === undefined ? undefined : { data: await this.#dataOf(base, member), caPem };
  }

  async #dataOf(base: string, member: Pod): Promise<EtcdData> {
    const { namespace = '' } = member.metadata ?? {};
    const claim = await this.#view.find(persistentVolumeClaims, namespace, `data-${base}-0`);
    const where = claim === undefined ? `pod ${member.metadata?.uid ?? ''}` : `volume ${claim.metadata?.uid ?? ''}`;
    let data = this.#onVolumes.get(where);
    if (data === undefined) {
      data = new EtcdData(BigInt(`0x${createHash('sha256').update(base).digest('hex').slice(0, 12)}`).toString());
      this.#onVolumes.set(where, data);
    }
    return data;
  }
}

function socketError(code: string): Error {
  return Object.assign(new Error(code), { code });
}
