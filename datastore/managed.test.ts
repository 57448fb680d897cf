import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { managedHost, managedNames } from './managed.ts';

test('the objects of a store are named after it', () => {
  assert.equal(managedNames('default').base, 'default-etcd');
  assert.equal(managedHost('default', 'kamaji-system'), 'default-etcd.kamaji-system.svc');
});

// Kubernetes: apimachinery/pkg/api/validation, DNS-1123 subdomain.
const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,60}[a-z0-9])?$/u);
const dataStoreName = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join('.').slice(0, 253));

test('whatever a DataStore is called, its objects have valid names with room for suffixes', () => {
  fc.assert(
    fc.property(dataStoreName, (name) => {
      for (const made of Object.values(managedNames(name))) assert.match(made, /^[a-z][a-z0-9-]{0,50}[a-z0-9]$/u);
    }),
  );
});

test('no two DataStores share an object', () => {
  fc.assert(
    fc.property(dataStoreName, dataStoreName, (one, other) => {
      fc.pre(one !== other);
      const names = new Set([...Object.values(managedNames(one)), ...Object.values(managedNames(other))]);
      assert.equal(names.size, 2 * Object.values(managedNames(one)).length);
    }),
  );
});
