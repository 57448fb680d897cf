import assert from 'node:assert/strict';
import test from 'node:test';
import { bootstrapDataSecret, readBootstrapData } from './bootstrap-data.ts';

test('machines of a Cluster find their user data under the keys of the bootstrap contract', () => {
  const secret = bootstrapDataSecret({ clusterName: 'demo', namespace: 'team-a', cloudConfig: '#cloud-config\n' });
  assert.deepEqual(secret, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: 'demo-bootstrap-data',
      namespace: 'team-a',
      labels: { 'cluster.x-k8s.io/cluster-name': 'demo', 'kamaji.clastix.io/project': 'kamaji' },
    },
    type: 'cluster.x-k8s.io/secret',
    data: { value: 'I2Nsb3VkLWNvbmZpZwo=', format: 'Y2xvdWQtY29uZmln' },
  });
  assert.equal(readBootstrapData(secret), '#cloud-config\n');
  assert.equal(readBootstrapData(undefined), '');
  assert.equal(readBootstrapData({}), '');
});
