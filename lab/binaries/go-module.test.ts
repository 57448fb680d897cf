import assert from 'node:assert/strict';
import { test } from 'node:test';
import { binaryPath, recipeHash, recipeOf } from './ensure-binaries.ts';
import { stagingModules, toolModule } from './go-module.ts';
import { recipes, releases } from './recipes.ts';

test('the modules that Kubernetes keeps in its own tree are those required at v0.0.0', () => {
  const goMod = [
    'module k8s.io/kubernetes',
    'require (',
    '\tk8s.io/api v0.0.0',
    '\tk8s.io/apimachinery v0.0.0 // indirect',
    '\tk8s.io/kube-openapi v0.0.0-20250910181357-589584f1c912',
    '\tk8s.io/utils v0.0.0-20251002143259-bc988d571ff4',
    '\tsigs.k8s.io/yaml v1.6.0',
    ')',
    'require k8s.io/kubelet v0.0.0',
    '',
  ].join('\n');
  assert.deepEqual(stagingModules(goMod), ['k8s.io/api', 'k8s.io/apimachinery', 'k8s.io/kubelet']);
});

test('a tool module requires what the recipe names and replaces staging modules by their releases', () => {
  const recipe = recipeOf('kubelet');
  const lines = toolModule(recipe, ['k8s.io/api']).split('\n');
  assert.ok(lines.includes(`require k8s.io/kubernetes v${recipe.version}`));
  assert.ok(lines.includes(`replace k8s.io/api => k8s.io/api ${recipe.stagingVersion}`));
});

test('a module whose own go.mod points into a folder is pinned to its release', () => {
  const recipe = recipeOf('clusterctl');
  assert.match(
    toolModule(recipe, []),
    /^replace sigs\.k8s\.io\/cluster-api\/api => sigs\.k8s\.io\/cluster-api\/api v\d/m,
  );
});

test('the hash changes with version, flags and architecture, and not with a neighbour in the recipe', () => {
  const recipe = recipeOf('kubelet');
  const hash = recipeHash(recipe, 'kubelet', 'x64');
  assert.match(hash, /^[0-9a-f]{12}$/);
  assert.notEqual(recipeHash({ ...recipe, version: '9.9.9' }, 'kubelet', 'x64'), hash);
  assert.notEqual(recipeHash({ ...recipe, ldflags: [] }, 'kubelet', 'x64'), hash);
  assert.notEqual(recipeHash(recipe, 'kubelet', 'arm64'), hash);
  const packages = { ...recipe.packages, kubeadm: 'example.com/other' };
  assert.equal(recipeHash({ ...recipe, packages }, 'kubelet', 'x64'), hash);
});

test('every binary is made by exactly one recipe, and every release is of a known binary', () => {
  const names = recipes.flatMap(({ packages }) => Object.keys(packages));
  assert.equal(new Set(names).size, names.length);
  assert.deepEqual(
    Object.keys(releases).filter((name) => !names.includes(name)),
    [],
  );
});

test('a binary lies in a folder named by its version and hash, under its own name', () => {
  assert.match(binaryPath('etcd'), /\/bin\/etcd\/3\.\d+\.\d+-[0-9a-f]{12}\/etcd$/);
});
