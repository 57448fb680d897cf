import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Contract, InfrastructureCluster } from './infrastructure-kinds.ts';
import { contractVersion } from './infrastructure-kinds.ts';
import type { InfrastructurePlan } from './infrastructure-plan.ts';
import { planInfrastructure } from './infrastructure-plan.ts';

const endpoint = { host: '192.0.2.1', port: 40_443 };
const other = { host: '192.0.2.9', port: 6443 };
const annotated = { metadata: { annotations: { 'cluster.x-k8s.io/managed-by': 'kamaji' } } };
const fill = { spec: { controlPlaneEndpoint: endpoint } };
const provisioned = { initialization: { provisioned: true } };

/** Why, kind, what there is, contract of the kind, what is to be done. */
type Case = readonly [string, string, InfrastructureCluster, Contract, InfrastructurePlan];

suite('what an infrastructure cluster gets', () => {
  const cases: readonly Case[] = [
    ...['AWSCluster', 'AzureCluster', 'HetznerCluster', 'IonosCloudCluster'].map((kind): Case => [
      'the endpoint, since its provider has no other way to it',
      kind,
      {},
      'v1beta1',
      { action: 'patch', ...fill },
    ]),
    ...['KubevirtCluster', 'NutanixCluster', 'PacketCluster'].map((kind): Case => [
      'endpoint and readiness, in the shapes of both contracts',
      kind,
      {},
      'v1beta1',
      { action: 'patch', ...fill, status: { ...provisioned, ready: true } },
    ]),
    ...['Metal3Cluster', 'MetalStackCluster'].flatMap((kind): readonly Case[] => [
      [
        'nothing, since it demands one up front',
        kind,
        {},
        'v1beta1',
        { action: 'mismatch', present: { host: '', port: 0 } },
      ],
      [
        'nothing where it has the same',
        kind,
        { spec: { controlPlaneEndpoint: endpoint } },
        'v1beta1',
        { action: 'patch' },
      ],
    ]),
    ...['ProxmoxCluster', 'TinkerbellCluster', 'VSphereCluster'].flatMap((kind): readonly Case[] => [
      ['the endpoint where it has none', kind, {}, 'v1beta1', { action: 'patch', ...fill }],
      [
        'nothing where it has another one',
        kind,
        { spec: { controlPlaneEndpoint: other } },
        'v1beta1',
        { action: 'mismatch', present: other },
      ],
    ]),
    [
      'its own two fields',
      'OpenStackCluster',
      {},
      'v1beta1',
      { action: 'patch', spec: { apiServerFixedIP: '192.0.2.1', apiServerPort: 40_443 } },
    ],
    [
      'nothing once its own two fields are there',
      'OpenStackCluster',
      { spec: { apiServerFixedIP: '192.0.2.1', apiServerPort: 40_443 } },
      'v1beta1',
      { action: 'patch' },
    ],
    [
      'nothing, since its provider waits for the endpoint of the Cluster',
      'WidgetCluster',
      {},
      'v1beta2',
      { action: 'leave' },
    ],
    [
      'nothing when someone else manages it',
      'WidgetCluster',
      { metadata: { annotations: { 'cluster.x-k8s.io/managed-by': 'terraform' } } },
      'v1beta2',
      { action: 'leave' },
    ],
    [
      'everything that the contract asks for, since it says that it is ours to fill in',
      'WidgetCluster',
      annotated,
      'v1beta2',
      { action: 'patch', ...fill, status: provisioned },
    ],
    [
      'the readiness of the older contract too where its kind keeps that one',
      'WidgetCluster',
      annotated,
      'v1beta1',
      { action: 'patch', ...fill, status: { ...provisioned, ready: true } },
    ],
    [
      'everything, although its provider is known: it keeps away from what is annotated',
      'AWSCluster',
      annotated,
      'v1beta2',
      { action: 'patch', ...fill, status: provisioned },
    ],
    [
      'nothing once it has all',
      'WidgetCluster',
      { ...annotated, spec: { controlPlaneEndpoint: endpoint }, status: provisioned },
      'v1beta2',
      { action: 'patch' },
    ],
    [
      'the new endpoint where it has an old one',
      'WidgetCluster',
      { ...annotated, spec: { controlPlaneEndpoint: other }, status: provisioned },
      'v1beta2',
      { action: 'patch', ...fill },
    ],
  ];
  for (const [why, kind, infrastructure, contract, expected] of cases) {
    test(`${kind} (${contract}): ${why}`, () => {
      assert.deepEqual(planInfrastructure({ ...infrastructure, kind }, contract, endpoint), expected);
    });
  }
});

suite('the API version of a kind of infrastructure clusters', () => {
  const cases: readonly [string, Record<string, string>, ReturnType<typeof contractVersion>][] = [
    [
      'is the one that its contract label names',
      { 'cluster.x-k8s.io/v1beta1': 'v1beta2' },
      { contract: 'v1beta1', version: 'v1beta2' },
    ],
    [
      'is that of the newer contract',
      { 'cluster.x-k8s.io/v1beta1': 'v1', 'cluster.x-k8s.io/v1beta2': 'v1beta3' },
      { contract: 'v1beta2', version: 'v1beta3' },
    ],
    [
      'is the newest of several, as Kubernetes sorts versions',
      { 'cluster.x-k8s.io/v1beta2': 'v1alpha9_v1beta2_v1beta10_foo' },
      { contract: 'v1beta2', version: 'v1beta10' },
    ],
    [
      'is a stable one rather than a beta',
      { 'cluster.x-k8s.io/v1beta2': 'v2beta1_v1' },
      { contract: 'v1beta2', version: 'v1' },
    ],
    ['is unknown without a label', { 'cluster.x-k8s.io/provider': 'infrastructure-widget' }, undefined],
    ['is unknown where only a dead contract is kept', { 'cluster.x-k8s.io/v1alpha4': 'v1alpha4' }, undefined],
  ];
  for (const [name, labels, expected] of cases) test(name, () => assert.deepEqual(contractVersion(labels), expected));
});
