import type { CoreV1Api } from '@kubernetes/client-node';
import { Pool } from 'undici';
import { type ConfigMap, configMaps, secrets } from '#runtime/client/builtin.ts';
import { createClient } from '#runtime/client/kube-client.ts';
import type { ObjectKey } from '#runtime/client/resource.ts';
import { defineMeasurement } from '../measurement.ts';
import { type Access, openTransport, stockConfig } from './access.ts';
import { type Effort, startEffort } from './effort.ts';

export interface RoundTripsInput {
  /**
   * `ours`: our client. `stock`: client-node as it is. `stock-one-agent`: client-node with one connection pool put into it,
   * which takes a configuration of one's own. `bare`: the limit, undici and JSON.parse.
   */
  readonly variant: 'ours' | 'stock' | 'stock-one-agent' | 'bare';
  /** A GET of one Secret, or a server-side apply of a ConfigMap that changes nothing. */
  readonly operation: 'get' | 'apply';
  readonly access: Access;
  /** Of the Secret; and namespace of the ConfigMap. */
  readonly key: Required<ObjectKey>;
  readonly requests: number;
  /** Requests under way at a time. */
  readonly concurrency: number;
  /** Requests before the measured ones. */
  readonly warmUp: number;
}

/** Sockets of a pool, ours and the others'. */
const connections = 4;
const fieldManager = 'bench';

/** Effort of so many requests, of the client's process alone. */
export const measurement = defineMeasurement(import.meta.url, async (input: RoundTripsInput): Promise<Effort> => {
  const call = (await callers[input.variant](input.access))[input.operation];
  await repeat(input.warmUp, input.concurrency, () => call(input.key));
  const stop = startEffort();
  await repeat(input.requests, input.concurrency, () => call(input.key));
  return stop();
});

interface Calls {
  get(key: Required<ObjectKey>): Promise<unknown>;
  apply(key: Required<ObjectKey>): Promise<unknown>;
}

const callers: Readonly<Record<RoundTripsInput['variant'], (access: Access) => Promise<Calls> | Calls>> = {
  ours(access) {
    const client = createClient(openTransport(access, connections));
    return {
      get: (key) => client.get(secrets, key),
      apply: (key) => client.apply(configMaps, configMap(key.namespace), { fieldManager }),
    };
  },

  async stock(access) {
    const { CoreV1Api } = await import('@kubernetes/client-node');
    return stockCalls((await stockConfig(access)).makeApiClient(CoreV1Api));
  },

  async 'stock-one-agent'({ server, ca, client }) {
    const { CoreV1Api, ServerConfiguration, createConfiguration } = await import('@kubernetes/client-node');
    const { Agent } = await import('undici');
    const { certificatePem: cert, privateKeyPem: key } = client;
    const agent = new Agent({ connections, allowH2: false, connect: { ca, cert, key } });
    const configuration = createConfiguration({
      baseServer: new ServerConfiguration(server, {}),
      authMethods: {
        default: {
          getName: () => 'one agent',
          applySecurityAuthentication: (context) => context.setDispatcher(agent),
        },
      },
    });
    return stockCalls(new CoreV1Api(configuration));
  },

  bare({ server, ca, client }) {
    const { certificatePem: cert, privateKeyPem: key } = client;
    const pool = new Pool(server, { connections, allowH2: false, connect: { ca, cert, key } });
    const send = async (options: { method: 'GET' | 'PATCH'; path: string; body?: string }): Promise<unknown> => {
      const headers = options.body === undefined ? {} : { 'content-type': 'application/apply-patch+yaml' };
      const { body, statusCode } = await pool.request({ ...options, headers });
      const text = await body.text();
      if (statusCode !== 200) throw new Error(`${options.path}: ${statusCode} ${text}`);
      return JSON.parse(text);
    };
    return {
      get: ({ namespace, name }) => send({ method: 'GET', path: `/api/v1/namespaces/${namespace}/secrets/${name}` }),
      apply: ({ namespace }) =>
        send({
          method: 'PATCH',
          path: `/api/v1/namespaces/${namespace}/configmaps/bench?fieldManager=${fieldManager}&force=true`,
          body: JSON.stringify(configMap(namespace)),
        }),
    };
  },
};

async function stockCalls(api: CoreV1Api): Promise<Calls> {
  const { PatchStrategy, setHeaderOptions } = await import('@kubernetes/client-node');
  const options = setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply);
  return {
    get: ({ namespace, name }) => api.readNamespacedSecret({ namespace, name }),
    apply: ({ namespace }) =>
      api.patchNamespacedConfigMap(
        { namespace, name: 'bench', body: configMap(namespace), fieldManager, force: true },
        options,
      ),
  };
}

function configMap(namespace: string): ConfigMap {
  const data = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`key-${n}`, 'x'.repeat(100)]));
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'bench', namespace }, data };
}

async function repeat(requests: number, concurrency: number, call: () => Promise<unknown>): Promise<void> {
  let left = requests;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}
