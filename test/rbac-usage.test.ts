import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { PolicyRule } from '#api/core/policy-rule.ts';
import { compareRights, type UsedRight } from './rbac-usage.ts';

suite('rights that are granted, compared with rights that are used', () => {
  const rule = (verbs: PolicyRule['verbs'], resource: string, apiGroup = ''): PolicyRule => ({
    apiGroups: [apiGroup],
    resources: [resource],
    verbs,
  });
  const use = (verb: string, resource: string, rest: Partial<UsedRight> = {}): UsedRight => ({
    verb,
    resource,
    apiGroup: '',
    namespace: 'default',
    name: 'one',
    ...rest,
  });
  const compare = (
    { cluster = [], role = [] }: { cluster?: readonly PolicyRule[]; role?: readonly PolicyRule[] },
    ...used: readonly UsedRight[]
  ) => compareRights({ cluster, role: { namespace: 'system', rules: role } }, used);

  test('nothing is said of a right that is granted and used', () => {
    const comparison = compare({ cluster: [rule(['get', 'list'], 'pods')] }, use('get', 'pods'), use('list', 'pods'));
    assert.deepEqual(comparison, { unused: [], ungranted: [] });
  });

  test('a right that nobody uses is named, and so is what was tried without one', () => {
    const cluster = [rule(['get', 'delete'], 'deployments', 'apps')];
    assert.deepEqual(compare({ cluster }, use('get', 'deployments')), {
      unused: ['delete deployments.apps', 'get deployments.apps'],
      ungranted: ['get deployments'],
    });
  });

  test('a subresource is another resource', () => {
    assert.deepEqual(compare({ cluster: [rule(['patch'], 'tenants/status')] }, use('patch', 'tenants')), {
      unused: ['patch tenants/status'],
      ungranted: ['patch tenants'],
    });
  });

  test('a Role grants in its own namespace only', () => {
    const role = [rule(['get'], 'leases')];
    assert.deepEqual(compare({ role }, use('get', 'leases')), {
      unused: ['get leases in system'],
      ungranted: ['get leases'],
    });
    assert.deepEqual(compare({ role }, use('get', 'leases', { namespace: 'system' })), { unused: [], ungranted: [] });
  });

  test('what the ClusterRole grants need not stand in the Role', () => {
    const rules = { cluster: [rule(['get'], 'secrets')], role: [rule(['get'], 'secrets')] };
    assert.deepEqual(compare(rules, use('get', 'secrets', { namespace: 'system' })).unused, ['get secrets in system']);
  });

  test('a right on one object does not cover another', () => {
    const cluster = [{ ...rule(['update'], 'secrets'), resourceNames: ['one'] }];
    assert.deepEqual(compare({ cluster }, use('update', 'secrets')).unused, []);
    assert.deepEqual(compare({ cluster }, use('update', 'secrets', { name: 'two' })), {
      unused: ['update secrets one'],
      ungranted: ['update secrets'],
    });
  });
});
