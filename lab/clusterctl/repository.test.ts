import assert from 'node:assert/strict';
import { test } from 'node:test';
import { providerLabel, withImage } from './repository.ts';

test("the lab's image goes into Deployments only", () => {
  const components = `apiVersion: apps/v1
kind: Deployment
spec:
  containers:
  - image: upstream:1
    imagePullPolicy: Always
---
kind: CustomResourceDefinition
properties:
  image: {type: string}
`;
  const changed = withImage(components, 'lab/manager:2');
  assert.match(changed, /- image: lab\/manager:2\n {4}imagePullPolicy: IfNotPresent/);
  assert.match(changed, /image: \{type: string\}/);
});

test("folders of the local repository carry clusterctl's provider labels", () => {
  assert.equal(providerLabel({ name: 'cluster-api', type: 'CoreProvider' }), 'cluster-api');
  assert.equal(providerLabel({ name: 'kamaji', type: 'ControlPlaneProvider' }), 'control-plane-kamaji');
});
