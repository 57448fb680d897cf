import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { configMaps, leases, namespaces, nodes, serviceAccounts } from '#runtime/client/builtin.ts';
import { ApiError } from '#runtime/client/errors.ts';
import type { KubeObject, Resource } from '#runtime/client/resource.ts';
import type { LimitedTenant } from './limited-tenant.fake.ts';
import { ADMINISTRATORS, startLimitedTenant } from './limited-tenant.fake.ts';
import type { Request } from './limited-requests.fake.ts';
import { FIELDS, limitedRequests, sparedRequests } from './limited-requests.fake.ts';
import { create, key, patch } from './tenants.fake.ts';
import type { Replica, World } from './world.fake.ts';
import { startWorld } from './world.fake.ts';

type Review = KubeObject & {
  spec: object;
  status?: { allowed: boolean; denied?: boolean; reason?: string; evaluationError?: string };
};
const reviews: Resource<Review> = {
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SubjectAccessReview',
  plural: 'subjectaccessreviews',
  namespaced: false,
};

suite('writes that a tenant is refused, on real API servers', () => {
  let world: World;
  let replica: Replica;
  let tenant: LimitedTenant;
  before(async () => {
    world = await startWorld();
    replica = await world.startReplica();
    await create(world, 'limited');
    tenant = await startLimitedTenant(world, key('limited'), replica);
    for (const name of ['before', 'patched']) {
      await tenant.administrator.create(configMaps, { metadata: { namespace: 'default', name } });
    }
  });
  after(async () => {
    await tenant?.[Symbol.asyncDispose]();
    await world?.[Symbol.asyncDispose]();
  });

  const ask = async ({ user = 'kubernetes-admin', groups = [ADMINISTRATORS], ...attributes }: Request) => {
    const { resource: wanted, ...rest } = attributes;
    const [resource = '', subresource = ''] = wanted.split('/');
    const resourceAttributes = { group: '', namespace: 'default', ...rest, resource, subresource };
    const spec = { user, groups: [...groups, ADMINISTRATORS, 'system:authenticated'], resourceAttributes };
    const { status } = await tenant.apiServer.client.create(reviews, { metadata: {}, spec });
    assert.ok(status !== undefined);
    return status;
  };

  /** Sets the fields, and waits until the API server has read the files; nobody has restarted it. */
  const limit = async (...fields: readonly (typeof FIELDS)[number][]): Promise<void> => {
    const writePermissions = Object.fromEntries(FIELDS.map((field) => [field, fields.includes(field)]));
    await patch(world, 'limited', { writePermissions });
    await tenant.refresh(replica);
    const probes = limitedRequests.filter(({ by }) => by !== 'any');
    await world.eventually('the API server does as the files say', async () => {
      const answers = await Promise.all(probes.map(async (probe) => ({ probe, answer: await ask(probe) })));
      return answers.every(({ probe: { by }, answer }) => answer.allowed !== fields.some((field) => field === by));
    });
  };

  const combinations = FIELDS.reduce<readonly (readonly (typeof FIELDS)[number][])[]>(
    (sets, field) => [...sets, ...sets.map((set) => [...set, field])],
    [[]],
  );
  for (const fields of combinations) {
    suite(fields.length === 0 ? 'without a limit' : fields.join(' and '), () => {
      before(() => limit(...fields));

      for (const { what, by, ...request } of limitedRequests) {
        const refuses = by === 'any' ? fields.length > 0 : fields.includes(by);
        test(`${what}: ${refuses ? 'refused' : 'allowed'}`, async () => {
          const { allowed, denied, reason = '' } = await ask(request);
          assert.deepEqual([allowed, denied], refuses ? [false, true] : [true, undefined], reason);
          if (refuses)
            assert.match(reason, /writePermissions\.block\w+ of TenantControlPlane default\/limited: whoever/);
        });
      }
      for (const { what, ...request } of sparedRequests) {
        test(`${what}: allowed`, async () => {
          const { allowed, reason } = await ask(request);
          assert.equal(allowed, true, reason);
        });
      }
    });
  }

  const refusal = async (call: Promise<unknown>): Promise<ApiError> => {
    const error: unknown = await call.then(
      () => assert.fail('was accepted'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof ApiError, String(error));
    return error;
  };
  const configMap = (name: string) => ({
    metadata: { namespace: 'default', name },
    data: { a: String(Math.random()) },
  });
  const apply = (name: string, dryRun = false) =>
    tenant.administrator.apply(configMaps, configMap(name), { fieldManager: 'test', force: true, dryRun });

  suite('while creation is blocked', () => {
    before(() => limit('blockCreation'));

    test('a user who creates is told why', async () => {
      const error = await refusal(tenant.administrator.create(configMaps, configMap('new')));
      assert.equal(error.status, 403);
      assert.match(
        error.message,
        /User "kubernetes-admin" cannot create .* blocked by spec\.writePermissions\.blockCreation of TenantControlPlane/,
      );
    });

    test('so is one whose patch would create, or who only tries', async () => {
      for (const dryRun of [false, true]) {
        const error = await refusal(apply('new', dryRun));
        assert.equal(error.status, 403);
        assert.match(error.message, /blockCreation/);
      }
    });

    test('what is there can be patched and deleted', async () => {
      await apply('patched');
      await tenant.administrator.delete(configMaps, { namespace: 'default', name: 'before' });
    });

    test('nodes join, the control plane works, elections go on', async () => {
      const { apiServer, administrator } = tenant;
      const node = apiServer.clientFor(await apiServer.identity('system:node:worker', ['system:nodes']));
      // With the Node authorizer in place kubelets make their own Node.
      await node.create(nodes, { metadata: { name: 'worker' } });
      const account = await apiServer.identity('system:serviceaccount:kube-system:any', [
        'system:serviceaccounts',
        'system:serviceaccounts:kube-system',
        ADMINISTRATORS,
      ]);
      await apiServer.clientFor(account).create(namespaces, { metadata: { name: 'made-by-a-controller' } });
      await administrator.create(leases, { metadata: { namespace: 'default', name: 'leader' }, spec: {} });
    });

    test('who is in system:masters is not stopped', async () => {
      await tenant.apiServer.client.create(serviceAccounts, { metadata: { namespace: 'default', name: 'by-master' } });
    });
  });

  test('a limit that is lifted is so within seconds, before the files are there', async () => {
    await limit('blockUpdate');
    assert.equal((await refusal(apply('patched'))).status, 403);
    await patch(world, 'limited', { writePermissions: { blockUpdate: false } });
    await world.eventually('the answer that the API server remembers is old', () =>
      apply('patched').then(
        () => true,
        () => false,
      ),
    );
  });

  test('with the manager away the refusal stands, for what is limited only', async () => {
    await limit('blockCreation');
    await replica.stop();
    const error = await refusal(tenant.administrator.create(configMaps, configMap('new')));
    assert.equal(error.status, 500);
    await apply('patched');
    await tenant.administrator.list(configMaps, { namespace: 'default' });
    const another = await world.startReplica();
    await tenant.refresh(another);
    await world.eventually('another replica refuses', async () => {
      const { status } = await refusal(tenant.administrator.create(configMaps, configMap('new')));
      return status === 403;
    });
    replica = another;
  });

  test('the file of older versions is read as well', async () => {
    const kubernetes = { version: 'v1.31.14', kubelet: {} };
    await create(world, 'older', { kubernetes, writePermissions: { blockCreation: true } });
    await tenant.refresh(replica, key('older'));
    await world.eventually('it is read', async () => ((await ask(creation)).reason ?? '').includes('default/older'));
  });

  test('whose control plane is gone is refused all the same', async () => {
    await limit('blockCreation');
    await patch(world, 'limited', { writePermissions: {} });
    const { management } = world;
    await management.kubectl(['patch', 'tcp', 'limited', '--type=merge', '-p', '{"metadata":{"finalizers":null}}']);
    await management.kubectl(['delete', 'tcp', 'limited']);
    await world.eventually('the manager knows', async () => /not known/.test((await ask(creation)).reason ?? ''));
  });

  const creation: Request = { verb: 'create', resource: 'configmaps' };
});
