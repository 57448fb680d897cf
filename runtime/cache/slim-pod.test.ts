import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../client/builtin.ts';
import { slimPod } from './slim-pod.ts';

test('of a pod is kept who it is, what it runs and how that goes, and nothing else', () => {
  const identity = {
    name: 'demo-0',
    namespace: 'tenants',
    uid: 'uid',
    resourceVersion: '7',
    creationTimestamp: '2026-01-01T00:00:00Z',
    labels: { 'kamaji.clastix.io/name': 'demo' },
  };
  const image = 'registry.k8s.io/kube-apiserver:v1.35.4';
  const started = { name: 'kube-apiserver', image, imageID: '', ready: true, restartCount: 0 };
  const status: Pod['status'] = {
    conditions: [{ type: 'Ready', status: 'True' }],
    containerStatuses: [started],
    initContainerStatuses: [{ ...started, name: 'kine', ready: false }],
  };
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...identity, annotations: { checksum: 'long' } },
    spec: {
      nodeName: 'node',
      containers: [{ name: 'kube-apiserver', image, args: ['--many'], volumeMounts: [] }],
      volumes: [{ name: 'pki' }],
    },
    status: { ...status, phase: 'Running', podIP: '192.0.2.1' },
  };
  assert.deepEqual(slimPod(pod), {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: identity,
    spec: { containers: [{ name: 'kube-apiserver', image }] },
    status,
  });
});

test('a pod that no node has taken yet has neither versions nor states', () => {
  const pod: Pod = { metadata: { name: 'demo-0', deletionTimestamp: '2026-01-01T00:00:00Z' } };
  assert.deepEqual(slimPod(pod), { metadata: pod.metadata, spec: { containers: [] }, status: {} });
});
