import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { schemaOfBuiltin } from '#test/api-server/schema/type-schema.ts';
import { builtinResources } from '#test/api-server/schema/published-kinds.ts';
import type { SchemaNode } from '#test/api-server/schema/schema-node.ts';
import { configMaps, deployments, networkPolicies, roleBindings, serviceAccounts, services } from './builtin.ts';
import { isSubset } from './subset.ts';

const widgets = { group: 'example.com', kind: 'Widget' };

test('what the server added does not count as a difference', () => {
  const desired = { spec: { replicas: 1, template: { spec: { containers: [{ name: 'a', image: 'x' }] } } } };
  const live = {
    metadata: { uid: '1' },
    spec: {
      replicas: 1,
      strategy: { type: 'RollingUpdate' },
      template: {
        spec: {
          dnsPolicy: 'ClusterFirst',
          containers: [
            { name: 'injected', image: 'z' },
            { name: 'a', image: 'x', terminationMessagePath: '/dev/termination-log' },
          ],
        },
      },
    },
  };
  assert.equal(isSubset(desired, live, deployments), true);
});

test('a changed field of ours is a difference, however deep', () => {
  const pod = (image: string): object => ({ spec: { template: { spec: { containers: [{ name: 'a', image }] } } } });
  assert.equal(isSubset(pod('x'), pod('y'), deployments), false);
});

test('a list merged by key needs all our items, in any order and with any company', () => {
  const env = (...names: string[]): object => ({ env: names.map((name) => ({ name, value: name })) });
  assert.equal(isSubset(env('a', 'b'), env('c', 'b', 'a'), deployments), true);
  assert.equal(isSubset(env('a', 'b'), env('a', 'c'), deployments), false);
});

test('ports find their partner by number and protocol, TCP being the default', () => {
  const service = (ports: object[]): object => ({ spec: { ports } });
  const desired = service([
    { name: 'dns', port: 53, protocol: 'UDP' },
    { name: 'dns-tcp', port: 53 },
  ]);
  const live = service([
    { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53, nodePort: 30053 },
    { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
  ]);
  assert.equal(isSubset(desired, live, services), true);
  const container = { ports: [{ containerPort: 80 }] };
  assert.equal(isSubset(container, { ports: [{ containerPort: 80, protocol: 'TCP' }] }, deployments), true);
});

test('an item that somebody added to a list that is not merged by key is a difference', () => {
  const open = { from: [{ ipBlock: { cidr: '0.0.0.0/0' } }] };
  const closed = { from: [] };
  assert.equal(isSubset({ spec: { ingress: [closed] } }, { spec: { ingress: [open] } }, networkPolicies), false);
  const port = (port: number): object => ({ port, protocol: 'TCP' });
  assert.equal(
    isSubset({ ingress: [{ ports: [port(1)] }] }, { ingress: [{ ports: [port(1), port(2)] }] }, networkPolicies),
    false,
  );
  const subject = (name: string): object => ({ kind: 'User', name });
  assert.equal(isSubset({ subjects: [subject('a')] }, { subjects: [subject('a'), subject('b')] }, roleBindings), false);
});

test('lists of custom kinds compare item by item, but their metadata as everywhere', () => {
  assert.equal(
    isSubset({ spec: { env: [{ name: 'a' }] } }, { spec: { env: [{ name: 'a' }, { name: 'b' }] } }, widgets),
    false,
  );
  const owners = (...uids: string[]): object => ({ metadata: { ownerReferences: uids.map((uid) => ({ uid })) } });
  assert.equal(isSubset(owners('1'), owners('0', '1'), widgets), true);
  const finalizers = (...names: string[]): object => ({ metadata: { finalizers: names } });
  assert.equal(isSubset(finalizers('a'), finalizers('b', 'a'), widgets), true);
});

test('quantities compare as amounts, other text as text', () => {
  const limits = (cpu: string | number, memory: string): object => ({ resources: { limits: { cpu, memory } } });
  assert.equal(isSubset(limits('1000m', '0.5Gi'), limits('1', '512Mi'), deployments), true);
  assert.equal(isSubset(limits(1, '1Gi'), limits('1', '1Gi'), deployments), true);
  assert.equal(isSubset(limits('1', '1Gi'), limits('2', '1Gi'), deployments), false);
  assert.equal(isSubset({ data: { cpu: '1000m' } }, { data: { cpu: '1' } }, deployments), false);
});

test('false, 0, empty text and an empty object are statements; an empty list is not', () => {
  for (const value of [false, 0, '', {}]) assert.equal(isSubset({ a: value }, {}, deployments), false);
  assert.equal(isSubset({ a: [], b: null, c: undefined }, {}, deployments), true);
});

test('every document is a subset of itself', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) =>
      isSubset(value, JSON.parse(JSON.stringify(value)), widgets),
    ),
  );
});

test('a document is no subset of one in which a leaf was changed', () => {
  const path = fc.array(fc.constantFrom('spec', 'template', 'labels', 'data', 'x'), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(path, fc.string(), fc.string(), (names, before, after) => {
      fc.pre(before !== after);
      const nest = (leaf: string): unknown => names.reduceRight<unknown>((inner, name) => ({ [name]: inner }), leaf);
      assert.equal(isSubset(nest(before), nest(after), deployments), false);
    }),
  );
});

test('a list that the API server replaces as a whole is not ours when others have items in it', () => {
  const wrong: string[] = [];
  for (const resource of builtinResources) {
    for (const list of listsOf(schemaOfBuiltin(resource.group, resource.kind).root)) {
      const items = list.node.items ?? {};
      const [ours, theirs] = [
        list.wrap([sample(items, 'a', 1)]),
        list.wrap([sample(items, 'b', 2), sample(items, 'a', 1)]),
      ];
      // We apply no status of a built-in kind.
      const isReplaced = list.node['x-kubernetes-list-type'] === 'atomic' && !list.path.startsWith('.status');
      if (isReplaced && isSubset(ours, theirs, resource)) {
        wrong.push(`${resource.kind}${list.path}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
  const secrets = (...names: string[]): object => ({ imagePullSecrets: names.map((name) => ({ name })) });
  assert.equal(isSubset(secrets('a'), secrets('a', 'b'), serviceAccounts), false);
});

test('amounts are compared as such where the API server reads them, and as texts everywhere else', () => {
  const container = (cpu: string): object => ({
    spec: { containers: [{ name: 'c', resources: { limits: { cpu } } }] },
  });
  assert.equal(isSubset(container('1000m'), container('1'), deployments), true);
  const data = (limits: string): object => ({ metadata: { labels: { limits } }, data: { limits, requests: limits } });
  assert.equal(isSubset(data('1000m'), data('1'), configMaps), false);
  const custom = (cpu: string): object => ({ spec: { resources: { limits: { cpu } } } });
  assert.equal(isSubset(custom('1000m'), custom('1'), widgets), false);
});

interface List {
  readonly path: string;
  readonly node: SchemaNode;
  /** An object with the list in its place. */
  readonly wrap: (list: readonly unknown[]) => object;
}

function listsOf(
  node: SchemaNode,
  path = '',
  wrap = (value: unknown): object => Object(value),
  depth = 0,
): readonly List[] {
  // Schemas of schemas have no end.
  if (depth > 12) return [];
  const { properties = {}, items } = node;
  const below = Object.entries(properties).flatMap(([name, member]) => {
    return listsOf(member, `${path}.${name}`, (value) => wrap({ [name]: value }), depth + 1);
  });
  if (node.type !== 'array' || items === undefined) return below;
  return [{ path, node, wrap }, ...listsOf(items, `${path}[]`, (value) => wrap([value]), depth + 1)];
}

function sample({ type, properties = {} }: SchemaNode, text: string, number: number): unknown {
  if (type !== undefined && type !== 'object') return type === 'string' ? text : number;
  const members = Object.entries(properties).filter(
    ([, member]) => member.type === 'string' || member.type === 'integer',
  );
  return Object.fromEntries(members.map(([name, member]) => [name, sample(member, text, number)]));
}
