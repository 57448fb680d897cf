import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deployments } from './builtin.ts';
import type { Deployment } from './builtin.ts';
import type { PatchOptions, Writer } from './client.ts';
import { ApiError } from './errors.ts';
import type { KubeObject, ObjectKey, Resource } from './resource.ts';
import { addFinalizer, patchStatus, removeFinalizer } from './status-patch.ts';

function recorder(answer?: () => never) {
  const patches: { readonly key: ObjectKey; readonly patch: object; readonly subresource: string | undefined }[] = [];
  const client: Pick<Writer, 'mergePatch'> = {
    mergePatch: <T extends KubeObject>(_: Resource<T>, key: ObjectKey, patch: object, options?: PatchOptions) => {
      patches.push({ key, patch, subresource: options?.subresource });
      answer?.();
      return Promise.resolve({ metadata: { name: 'a', resourceVersion: '8' } } as unknown as T);
    },
  };
  return { client, patches };
}

const live: Deployment = {
  metadata: { namespace: 'ns', name: 'a', resourceVersion: '7', finalizers: ['theirs', 'ours'] },
  status: { replicas: 1, readyReplicas: 1, conditions: [{ type: 'Ready', status: 'True' }] },
};
const key = { namespace: 'ns', name: 'a' };

test('a status is written as the difference, and holds only for the version it was computed from', async () => {
  const { client, patches } = recorder();
  const result = await patchStatus(client, deployments, live, { replicas: 2, readyReplicas: null });
  assert.equal(result.changed, true);
  assert.deepEqual(patches, [
    {
      key,
      patch: { metadata: { resourceVersion: '7' }, status: { replicas: 2, readyReplicas: null } },
      subresource: 'status',
    },
  ]);
});

test('a status that is there already is not written', async () => {
  const { client, patches } = recorder();
  const conditions = [{ type: 'Ready', status: 'True', message: undefined }];
  const result = await patchStatus(client, deployments, live, {
    replicas: 1,
    unavailableReplicas: null,
    collisionCount: undefined,
    conditions: conditions as never,
  });
  assert.deepEqual(result, { object: live, changed: false });
  assert.deepEqual(patches, []);
});

test('finalizers of others survive adding and removing ours', async () => {
  const { client, patches } = recorder();
  await addFinalizer(client, deployments, live, 'new');
  await removeFinalizer(client, deployments, live, 'ours');
  assert.deepEqual(
    patches.map(({ patch }) => patch),
    [
      { metadata: { resourceVersion: '7', finalizers: ['theirs', 'ours', 'new'] } },
      { metadata: { resourceVersion: '7', finalizers: ['theirs'] } },
    ],
  );
});

test('a finalizer that is as wanted costs no request', async () => {
  const { client, patches } = recorder();
  assert.equal((await addFinalizer(client, deployments, live, 'ours')).changed, false);
  assert.equal((await removeFinalizer(client, deployments, live, 'absent')).changed, false);
  assert.deepEqual(patches, []);
});

test('removing a finalizer from an object that is gone is no error; a conflict is', async () => {
  const answering = (status: number) =>
    recorder(() => {
      throw new ApiError({ message: 'no', status });
    }).client;
  assert.equal((await removeFinalizer(answering(404), deployments, live, 'ours')).changed, false);
  await assert.rejects(removeFinalizer(answering(409), deployments, live, 'ours'), { status: 409 });
});
