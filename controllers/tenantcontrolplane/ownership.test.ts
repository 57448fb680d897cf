import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { tenantControlPlanes } from '#api/kinds.ts';
import { annotations } from '#api/labels.ts';
import {
  configMaps,
  deployments,
  ingresses,
  networkPolicies,
  podDisruptionBudgets,
  secrets,
  services,
} from '#runtime/client/builtin.ts';
import type { KubeObject, Resource } from '#runtime/client/resource.ts';
import { NAMESPACE, startWorld } from './world.fake.ts';
import type { World } from './world.fake.ts';

const labels = { app: 'theirs' };
const podSpec = { containers: [{ name: 'theirs', image: 'theirs' }] };
/** Objects that somebody else made where a control plane called `x` needs the name; no field of them is one that we set. */
const foreign: readonly {
  readonly resource: Resource;
  readonly suffix: string;
  readonly condition: string;
  readonly content: object;
}[] = [
  {
    resource: secrets,
    suffix: '-admin-kubeconfig',
    condition: 'CertificatesReady',
    content: { data: { theirs: 'eA==' } },
  },
  { resource: secrets, suffix: '-datastore-config', condition: 'CertificatesReady', content: { data: { theirs: '' } } },
  {
    resource: configMaps,
    suffix: '-konnectivity-egress-selector-configuration',
    condition: 'ControlPlaneReady',
    content: { data: { theirs: 'x' } },
  },
  {
    resource: deployments,
    suffix: '',
    condition: 'ControlPlaneReady',
    content: { spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec } } },
  },
  { resource: networkPolicies, suffix: '', condition: 'ControlPlaneReady', content: { spec: { podSelector: {} } } },
  { resource: podDisruptionBudgets, suffix: '', condition: 'ControlPlaneReady', content: { spec: {} } },
  { resource: services, suffix: '', condition: 'EndpointReady', content: { spec: { ports: [{ port: 1 }] } } },
  {
    resource: ingresses,
    suffix: '',
    condition: 'EndpointReady',
    content: { spec: { defaultBackend: { service: { name: 'theirs', port: { number: 80 } } } } },
  },
];

suite('an object of somebody else that has a name of a control plane’s', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world?.[Symbol.asyncDispose]());

  for (const { resource, suffix, condition, content } of foreign) {
    test(`${resource.kind} <name>${suffix}: stays as it is, is told of, and once it is gone ours comes`, async () => {
      const name = `foreign-${resource.kind.toLowerCase()}${suffix.slice(0, 6)}`;
      const theirs = { namespace: NAMESPACE, name: `${name}${suffix}` };
      const made: KubeObject = await world.client.create(resource, { metadata: theirs, ...content });
      const key = await world.tenant(name, {
        controlPlane: {
          service: { serviceType: 'ClusterIP' },
          ...(resource === ingresses ? { ingress: { hostname: 'x.example' } } : {}),
        },
      });
      const { status } = await world.reason(key, condition, 'ForeignObject');
      const said = status?.conditions?.find(({ type }) => type === condition)?.message ?? '';
      assert.ok(said.startsWith(`${resource.kind} ${theirs.name} was not made for this control plane`), said);
      assert.deepEqual(await world.client.get(resource, theirs), made);

      await world.client.delete(resource, theirs);
      await world.eventually('ours is there', async () => {
        const owner = (await world.client.get(resource, theirs))?.metadata?.ownerReferences?.[0];
        return owner?.name === name && owner.kind === tenantControlPlanes.kind;
      });
    });
  }

  test('an object of ours that lost its reference and its label is not taken back in silence', async () => {
    const key = await world.tenant('orphaned');
    await world.reason(key, 'ControlPlaneReady', 'PodsStarting');
    const configMap = { ...key, name: 'orphaned-konnectivity-egress-selector-configuration' };
    await world.client.mergePatch(configMaps, configMap, { metadata: { ownerReferences: null, labels: null } });
    await world.reason(key, 'ControlPlaneReady', 'ForeignObject');
    assert.deepEqual((await world.client.get(configMaps, configMap))?.metadata?.ownerReferences, undefined);
  });

  test('an object of ours that lost its reference only gets it back, with its content unchanged', async () => {
    const key = await world.tenant('loosened');
    await world.reason(key, 'ControlPlaneReady', 'PodsStarting');
    const secret = { ...key, name: 'loosened-ca' };
    const before = await world.client.get(secrets, secret);
    await world.client.mergePatch(secrets, secret, { metadata: { ownerReferences: null } });
    await world.client.mergePatch(tenantControlPlanes, key, { metadata: { annotations: { noticed: 'now' } } });
    await world.eventually('it is owned again', async () => {
      return (await world.client.get(secrets, secret))?.metadata?.ownerReferences?.length === 1;
    });
    assert.deepEqual((await world.client.get(secrets, secret))?.data, before?.data);
  });

  test('what an earlier control plane of the same name has left behind is not mistaken for ours', async () => {
    const namesake = { namespace: NAMESPACE, name: 'reborn' };
    const [apiVersion, kind] = ['kamaji.clastix.io/v1alpha1', tenantControlPlanes.kind];
    const reference = { apiVersion, kind, name: namesake.name, uid: 'earlier', controller: true };
    const secret = { namespace: NAMESPACE, name: 'reborn-ca' };
    const metadata = { ...secret, ownerReferences: [reference], labels: { 'kamaji.clastix.io/project': 'kamaji' } };
    const left = await world.client.create(secrets, { metadata, data: { 'ca.crt': '', 'ca.key': '' } });
    await world.tenant(namesake.name);
    const { status } = await world.reason(namesake, 'CertificatesReady', 'ForeignObject');
    assert.match(JSON.stringify(status?.conditions), /belongs to an earlier control plane of the same name/u);
    assert.deepEqual(await world.client.get(secrets, secret), left);
    await world.client.delete(secrets, secret);
    await world.reason(namesake, 'CertificatesReady', 'CertificatesReady');
  });

  test('what names a UID out of a backup is owned again, with its content unchanged', async () => {
    const key = await world.tenant('restored', { dataStoreSchema: 'of-an-earlier-uid' });
    await world.reason(key, 'ControlPlaneReady', 'PodsStarting');
    const children = [
      [secrets, 'restored-ca'],
      [secrets, 'restored-datastore-config'],
      [configMaps, 'restored-konnectivity-egress-selector-configuration'],
      [services, 'restored'],
      [deployments, 'restored'],
    ] as const;
    const read = () =>
      Promise.all(
        children.map(async ([resource, name]) => {
          const found: (KubeObject & { data?: object }) | undefined = await world.client.get<KubeObject>(resource, {
            ...key,
            name,
          });
          assert.ok(found !== undefined, `${resource.kind} ${name} is gone`);
          return { uid: found.metadata?.uid, data: found.data, owners: found.metadata?.ownerReferences };
        }),
      );
    const before = await read();
    await world.restart(async () => {
      for (const [resource, name] of children) {
        const owner = before[0]?.owners?.[0];
        const ownerReferences = [{ ...owner, uid: 'b5a1f2c4-0000-4000-8000-000000000000' }];
        await world.client.mergePatch<KubeObject>(resource, { ...key, name }, { metadata: { ownerReferences } });
      }
    });
    await world.eventually('all are owned again', async () => isDeepStrictEqual(await read(), before));
    await world.reason(key, 'CertificatesReady', 'CertificatesReady');
  });

  test('what this one has made already costs no further look when nothing happens', async () => {
    const key = await world.tenant('looked');
    await world.reason(key, 'ControlPlaneReady', 'PodsStarting');
    await world.client.mergePatch(tenantControlPlanes, key, {
      metadata: { annotations: { [annotations.paused]: '' } },
    });
    // Not before no pass of the creation is under way any more.
    await world.reason(key, 'Paused', 'Paused');
    // Other control planes of the suite are looked at meanwhile.
    const reads = async () => (await world.reads()).filter((read) => /\/looked(?:-|$)/u.test(read));
    const before = await reads();
    await world.client.mergePatch(tenantControlPlanes, key, {
      metadata: { annotations: { [annotations.paused]: null } },
    });
    await world.reason(key, 'Paused', 'NotPaused');
    assert.deepEqual((await reads()).slice(before.length), []);
  });
});
