import assert from 'node:assert/strict';
import test from 'node:test';
import { clusterInfoObjects, clusterInfoSignature, signClusterInfo } from './cluster-info.ts';

// The vectors of Kubernetes' own tests of the bootstrap signer (cluster-bootstrap/token/jws).
const ID = 'joshua';
const SECRET = 'my voice is my passcode';
const HEADER = 'eyJhbGciOiJIUzI1NiIsImtpZCI6Impvc2h1YSJ9';

test('a signature is byte for byte the one of the bootstrap signer', async () => {
  const content = 'Hello from the other side. I must have called a thousand times.';
  assert.equal(await signClusterInfo(content, ID, SECRET), `${HEADER}..VShe2taLd-YTrmWuRkcL_8QTNDHYxQIEBsAYYiIj1_8`);
  assert.equal(await signClusterInfo('', ID, SECRET), `${HEADER}..7Ui1ALizW4jXphVUB7xUqC9vLYLL9RZeOFfVLoB7Tgk`);
});

test('cluster-info names the endpoint and the CA, nobody else, and everybody may read it', async () => {
  const [configMap, role, binding] = clusterInfoObjects('10.0.0.1:6443', 'ca\n');
  assert.deepEqual(configMap.metadata, {
    name: 'cluster-info',
    namespace: 'kube-public',
    labels: { 'kamaji.clastix.io/project': 'kamaji' },
  });
  const kubeconfig = configMap.data['kubeconfig'] ?? '';
  assert.equal(
    kubeconfig,
    `apiVersion: v1
kind: Config
clusters:
  - name: ""
    cluster:
      certificate-authority-data: Y2EK
      server: https://10.0.0.1:6443
`,
  );
  assert.deepEqual(role.rules[0]?.resourceNames, ['cluster-info']);
  assert.deepEqual(
    binding.subjects.map((subject) => subject.name),
    ['system:anonymous'],
  );
  const signature = await clusterInfoSignature(kubeconfig, { id: 'abcdef', secret: '0123456789abcdef' });
  assert.deepEqual(Object.keys(signature), ['jws-kubeconfig-abcdef']);
});
