import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Cluster } from '#api/core/cluster.ts';
import type { Client } from '#runtime/client/client.ts';
import { ApiError } from '#runtime/client/errors.ts';
import type { InfrastructureCluster, KindResolution } from '../infrastructure-kinds.ts';
import type { InfrastructureInput } from './infrastructure.ts';
import { reconcileInfrastructure } from './infrastructure.ts';

const endpoint = { host: '192.0.2.1', port: 6443 };
const found: KindResolution = {
  found: {
    resource: {
      group: 'infrastructure.cluster.x-k8s.io',
      version: 'v1',
      kind: 'AWSCluster',
      plural: 'awsclusters',
      namespaced: true,
    },
    contract: 'v1beta1',
  },
};

/** Runs the phase against one infrastructure cluster; a test that says nothing of it expects no request at all. */
async function run(
  given: Partial<Omit<InfrastructureInput, 'cluster'>> & {
    readonly ref?: boolean;
    readonly cluster?: Partial<Cluster>;
    readonly infrastructure?: InfrastructureCluster | undefined;
    readonly kind?: KindResolution;
    readonly patch?: () => Promise<never>;
  },
) {
  const unexpected = (): never => assert.fail('no request is expected');
  const reading: Pick<Client, 'get' | 'mergePatch'> = {
    get: () => ('infrastructure' in given ? Promise.resolve(given.infrastructure as never) : unexpected()),
    mergePatch: given.patch ?? unexpected,
  };
  const infrastructureRef = { apiGroup: 'infrastructure.cluster.x-k8s.io', kind: 'AWSCluster', name: 'shop' };
  const { finding, requeueAfterMs, error } = await reconcileInfrastructure({
    endpoint,
    kinds: { resolve: () => (given.kind === undefined ? unexpected() : Promise.resolve(given.kind)) },
    skip: false,
    client: reading as Client,
    signal: new AbortController().signal,
    ...given,
    cluster: {
      apiVersion: 'cluster.x-k8s.io/v1beta2',
      kind: 'Cluster',
      metadata: { name: 'shop', namespace: 'team' },
      spec: given.ref === false ? {} : { infrastructureRef },
      ...given.cluster,
    },
  });
  return {
    reason: finding.reason,
    status: finding.status,
    message: finding.message,
    rechecks: requeueAfterMs !== undefined,
    error,
  };
}

const aws = { kind: 'AWSCluster', metadata: { name: 'shop', namespace: 'team' } };

suite('the infrastructure cluster', () => {
  test('is not needed where the Cluster names none', async () => {
    const { reason, status } = await run({ ref: false });
    assert.deepEqual([status, reason], ['True', 'NotNeeded']);
  });

  test('is left alone behind the gate', async () => {
    assert.equal((await run({ skip: true })).reason, 'NotNeeded');
  });

  test('waits for the endpoint', async () => {
    assert.equal((await run({ endpoint: undefined })).reason, 'WaitingForEndpoint');
  });

  test('costs no request once the Cluster has it and the endpoint', async () => {
    const infrastructureRef = { apiGroup: 'infrastructure.cluster.x-k8s.io', kind: 'AWSCluster', name: 'shop' };
    const cluster = {
      spec: { infrastructureRef, controlPlaneEndpoint: endpoint },
      status: { initialization: { infrastructureProvisioned: true } },
    };
    assert.equal((await run({ cluster })).reason, 'Succeeded');
  });

  test('is looked for again while it, or its kind, does not exist', async () => {
    const noKind = await run({
      kind: { missing: 'Definition', crdName: 'awsclusters.infrastructure.cluster.x-k8s.io' },
    });
    assert.deepEqual([noKind.reason, noKind.rechecks], ['WaitingForInfrastructureCluster', true]);
    const none = await run({ kind: found, infrastructure: undefined });
    assert.deepEqual([none.reason, none.rechecks], ['WaitingForInfrastructureCluster', true]);
  });

  test('cannot be read where its kind names no contract', async () => {
    const kind = { missing: 'Contract', crdName: 'awsclusters.infrastructure.cluster.x-k8s.io' } as const;
    assert.equal((await run({ kind })).reason, 'KindUnsupported');
  });

  test('whose provider refuses the endpoint is reported, not retried in haste', async () => {
    const refuse = () =>
      Promise.reject(new ApiError({ status: 403, message: 'admission webhook "aws" denied the request: immutable' }));
    const refused = await run({ kind: found, infrastructure: aws, patch: refuse });
    assert.deepEqual([refused.reason, refused.rechecks, refused.error], ['PatchRefused', true, undefined]);
  });

  test('that we may not write is reported with the ClusterRole that allows it', async () => {
    const forbid = () => Promise.reject(new ApiError({ status: 403, message: 'User "manager" cannot patch resource' }));
    const { reason, message } = await run({ kind: found, infrastructure: aws, patch: forbid });
    assert.equal(reason, 'Forbidden');
    const role = JSON.parse(/\{.*\}$/u.exec(message)?.[0] ?? '{}');
    assert.deepEqual(role.rules[0], {
      apiGroups: ['infrastructure.cluster.x-k8s.io'],
      resources: ['awsclusters'],
      verbs: ['get', 'patch'],
    });
  });

  test('that must agree and does not is named with both addresses', async () => {
    const infrastructure = {
      ...aws,
      kind: 'Metal3Cluster',
      spec: { controlPlaneEndpoint: { host: '192.0.2.9', port: 6443 } },
    };
    const { reason, message } = await run({ kind: found, infrastructure });
    assert.equal(reason, 'EndpointMismatch');
    assert.match(message, /192\.0\.2\.9:6443.*192\.0\.2\.1:6443/);
  });

  test('fails with back-off when the API server fails', async () => {
    const fail = () => Promise.reject(new ApiError({ status: 500, message: 'etcd is away' }));
    const failed = await run({ kind: found, infrastructure: aws, patch: fail });
    assert.equal(failed.reason, 'InternalError');
    assert.ok(failed.error instanceof ApiError);
  });
});
