import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { KamajiControlPlane } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import { kamajiControlPlanes, tenantControlPlanes } from '#api/kinds.ts';
import type { Resource } from '#runtime/client/resource.ts';
import { configMaps, deployments, namespaces, networkPolicies, secrets, services } from '#runtime/client/builtin.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import { systemClock } from '#runtime/clock.ts';
import type { Installation } from './installation.ts';
import { createControlPlane, SHARED, startInstallation } from './installation.ts';
import type { Manager } from './manager-process.ts';
import { startManager } from './manager-process.ts';

/** The budget is for 100. */
const COUNT = Number(process.env['COUNT'] ?? 20);
const namespace = 'fleet';
/** How long nothing may be written once all is settled; the budget says two minutes. */
const REST_MS = Number(process.env['REST_SECONDS'] ?? 20) * 1_000;

/** How long that may take on a machine with other work; the budget says a minute. */
const SETTLE_MS = Number(process.env['SETTLE_SECONDS'] ?? 400) * 1_000;

suite(`${COUNT} control planes without pods, created at once`, () => {
  let installation: Installation;
  let manager: Manager;
  before(async () => {
    installation = await startInstallation();
    await installation.management.client.create(namespaces, { metadata: { name: namespace } });
    manager = await startManager(installation.management, { namespace: SHARED });
  });
  after(async () => {
    await manager?.stop();
    await installation?.stop();
  });
  const versions = async (): Promise<readonly string[]> => {
    const kinds: readonly Resource[] = [
      kamajiControlPlanes,
      tenantControlPlanes,
      secrets,
      configMaps,
      services,
      deployments,
      networkPolicies,
    ];
    const { client } = installation.management;
    const lists = await Promise.all(kinds.map((kind) => client.list(kind, { namespace, metadataOnly: true })));
    return lists.flatMap(({ items }, index) =>
      items.map(({ metadata }) => `${kinds[index]?.plural} ${metadata?.name} ${metadata?.resourceVersion}`),
    );
  };

  test('settle with few writes to each object, and rest', async (context) => {
    const { client } = installation.management;
    const before = await manager.usage();
    const began = performance.now();
    const names = Array.from({ length: COUNT }, (_one, index) => `tenant-${index}`);
    await Promise.all(names.map((name) => createControlPlane(client, { namespace, name })));
    const created = performance.now();
    const isSettled = ({ status, metadata }: KamajiControlPlane): boolean =>
      findCondition(status?.conditions, 'Ready')?.reason === 'Asleep' &&
      findCondition(status?.conditions, 'CertificatesAvailable')?.status === 'True' &&
      status?.observedGeneration === metadata.generation;
    const deadline = AbortSignal.timeout(SETTLE_MS);
    for (;;) {
      const { items } = await client.list(kamajiControlPlanes, { namespace });
      const unsettled = items.filter((item) => !isSettled(item));
      if (unsettled.length === 0) break;
      await systemClock.sleep(500, deadline).catch(async () => {
        const { metadata, status } = unsettled[0] ?? {};
        const one = JSON.stringify({ metadata, status }, undefined, 1);
        throw new Error(`${unsettled.length} are not settled, such as ${one}\n${await manager.log(10)}`);
      });
    }
    const settledMs = performance.now() - created;
    // Status writes that wait for others to join them come a few seconds later.
    let last = await versions();
    for (let settled = false; !settled;) {
      await systemClock.sleep(8_000, deadline);
      const now = await versions();
      settled = now.join() === last.join();
      last = now;
    }
    const { cpuSeconds, residentMiB } = await manager.usage();
    await systemClock.sleep(REST_MS, AbortSignal.timeout(REST_MS + 60_000));
    assert.deepEqual(await versions(), last, 'nothing is written at rest');

    const writes = (await installation.management.auditEvents()).filter(
      ({ user, verb, objectRef }) =>
        user.username === manager.user &&
        ['create', 'update', 'patch', 'delete'].includes(verb) &&
        objectRef?.namespace === namespace &&
        objectRef.resource !== 'events',
    );
    const perObject = new Map<string, number>();
    for (const { objectRef } of writes) {
      const object = `${objectRef?.resource} ${objectRef?.name}`;
      perObject.set(object, (perObject.get(object) ?? 0) + 1);
    }
    const most = Math.max(...perObject.values());
    const ofKind = (kind: string): number =>
      writes.filter(({ objectRef }) => objectRef?.resource === kind).length / COUNT;
    context.diagnostic(
      JSON.stringify({
        createSeconds: Math.round((created - began) / 100) / 10,
        settledSeconds: Math.round(settledMs / 100) / 10,
        cpuSeconds: Math.round((cpuSeconds - before.cpuSeconds) * 10) / 10,
        memoryMiB: Math.round(residentMiB),
        writesPerControlPlane: writes.length / COUNT,
        ofThemTo: {
          kamajicontrolplanes: ofKind('kamajicontrolplanes'),
          tenantcontrolplanes: ofKind('tenantcontrolplanes'),
        },
        mostWritesToOneObject: most,
        restSeconds: REST_MS / 1_000,
      }),
    );
    assert.ok(most <= 12, `${most} writes to one object`);
  });
});
