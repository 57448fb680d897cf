import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parse } from 'yaml';
import { authorizationFiles, isAuthorizerKubeconfig } from './authorization.ts';
import { tenant } from './tenant-control-plane.fake.ts';
import type { WriteLimit } from './write-limit.ts';
import { refusingField, writeLimitOf } from './write-limit.ts';

const at = (version: string) => tenant({ kubernetes: { version } });
const fileOf = (files: Readonly<Record<string, string>>) => parse(files['authorization.yaml'] ?? '');
const limit: WriteLimit = ['blockCreation', 'blockDeletion'];

suite('files that the API server authorizes by', () => {
  const versions = [
    ['v1.30.14', 'v1beta1'],
    ['v1.31.0', 'v1beta1'],
    // Beside it runs one of 1.31 during the upgrade.
    ['v1.32.3', 'v1beta1'],
    ['v1.33.0', 'v1'],
    ['v1.36.3', 'v1'],
  ] as const;
  for (const [version, apiVersion] of versions) {
    test(`are of ${apiVersion} for ${version}`, () => {
      const { apiVersion: written, kind } = fileOf(authorizationFiles(at(version), undefined));
      assert.deepEqual([written, kind], [`apiserver.config.k8s.io/${apiVersion}`, 'AuthorizationConfiguration']);
    });
  }

  test('ask nobody but Node and RBAC without a limit', () => {
    const files = authorizationFiles(tenant(), undefined);
    assert.deepEqual(Object.keys(files), ['authorization.yaml']);
    assert.deepEqual(fileOf(files).authorizers, [
      { type: 'Node', name: 'node' },
      { type: 'RBAC', name: 'rbac' },
    ]);
  });

  test('ask the manager first under a limit, and refuse where it cannot be asked', () => {
    const files = authorizationFiles(tenant(), { limit, kubeconfig: 'text' });
    const [first, ...rest] = fileOf(files).authorizers;
    assert.deepEqual(
      rest.map(({ type }: { type: string }) => type),
      ['Node', 'RBAC'],
    );
    assert.equal(first.webhook.failurePolicy, 'Deny');
    const kubeconfig = Object.keys(files).find(isAuthorizerKubeconfig) ?? '';
    assert.equal(files[kubeconfig], 'text');
    assert.equal(first.webhook.connectionInfo.kubeConfigFile, `/etc/kubernetes/authorization/${kubeconfig}`);
  });

  test('change when the kubeconfig does, since the API server reads it only then', () => {
    const of = (kubeconfig: string) => authorizationFiles(tenant(), { limit, kubeconfig })['authorization.yaml'];
    assert.notEqual(of('one'), of('two'));
    assert.equal(of('one'), of('one'));
  });
});

suite('the field that refuses', () => {
  const asked = (verb: string, resource = 'pods', subresource = '', group = '') => ({
    verb,
    group,
    resource,
    subresource,
  });

  test('is the one about what is to be done', () => {
    const all: WriteLimit = ['blockCreation', 'blockUpdate', 'blockDeletion'];
    assert.equal(refusingField(all, asked('create')), 'blockCreation');
    assert.equal(refusingField(all, asked('update', 'pods', 'status')), 'blockUpdate');
    assert.equal(refusingField(all, asked('patch')), 'blockUpdate');
    assert.equal(refusingField(all, asked('deletecollection')), 'blockDeletion');
    assert.equal(refusingField(all, asked('create', 'pods', 'eviction')), 'blockDeletion');
    assert.equal(refusingField(all, asked('get')), undefined);
  });

  test('is none where that is not limited, or no longer', () => {
    assert.equal(refusingField(['blockDeletion'], asked('create')), undefined);
    assert.equal(refusingField(['blockCreation'], asked('create', 'pods', 'eviction')), undefined);
  });

  test('is any where somebody would borrow what is spared', () => {
    assert.equal(refusingField(['blockUpdate'], asked('impersonate', 'groups')), 'blockUpdate');
    assert.equal(refusingField(['blockUpdate'], asked('create', 'serviceaccounts', 'token')), 'blockUpdate');
  });

  test('is none where the spec sets none to true', () => {
    const of = (writePermissions: object) =>
      writeLimitOf({ ...tenant(), spec: { ...tenant().spec, writePermissions } });
    assert.equal(of({}), undefined);
    assert.equal(of({ blockUpdate: false }), undefined);
    assert.deepEqual(of({ blockDeletion: true, blockCreation: true, blockUpdate: false }), limit);
  });
});
