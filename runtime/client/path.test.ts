import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterRoles, deployments, secrets } from './builtin.ts';
import { collectionPath, createPath, objectPath } from './path.ts';

test('paths of core and named groups, namespaced and not', () => {
  assert.equal(objectPath(secrets, { namespace: 'ns', name: 'a' }), '/api/v1/namespaces/ns/secrets/a');
  assert.equal(
    objectPath(deployments, { namespace: 'ns', name: 'a' }, 'scale'),
    '/apis/apps/v1/namespaces/ns/deployments/a/scale',
  );
  assert.equal(collectionPath(deployments), '/apis/apps/v1/deployments');
  assert.equal(
    objectPath(clusterRoles, { name: 'system:node-proxier' }),
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode-proxier',
  );
});

test('a query holds what is defined, encoded', () => {
  assert.equal(
    collectionPath(secrets, 'ns', { labelSelector: 'a=b,c in (d)', limit: 5, continue: undefined }),
    '/api/v1/namespaces/ns/secrets?labelSelector=a%3Db%2Cc%20in%20(d)&limit=5',
  );
});

test('an empty name never becomes a request on the whole collection', () => {
  for (const name of ['', '.', '..']) {
    assert.throws(() => objectPath(secrets, { namespace: 'ns', name }), TypeError);
  }
  assert.throws(() => objectPath(secrets, { name: 'a' }), /namespace is needed/);
  assert.throws(() => createPath(secrets, { metadata: { name: 'a' } }), /namespace is needed/);
});
