import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { freePorts } from '#test/ports.ts';
import type { ControlPlane } from '#test/control-plane.ts';
import { type Manager, startManager } from '#test/manager-process.ts';
import { MANAGER_NAMESPACE, startManagementCluster } from '#test/simulated-fleet/management-cluster.ts';
import { measurement as tenantApis } from '../measurements/tenant-apis.ts';
import { accessTo } from '../populate.ts';
import { runMeasurement } from '../run-measurement.ts';
import type { BenchContext } from '../suite.ts';
import { type Fleet, observeFleet } from './fleet.ts';

/** A management cluster without tenants, and a manager that runs in it. */
export interface FleetScene {
  readonly controlPlane: ControlPlane;
  readonly fleet: Fleet;
  /** The one that runs now. */
  readonly manager: Manager;
  /** Ends the manager in order and starts another one; resolves when that is ready. */
  restartManager(): Promise<void>;
}

const bundle = fileURLToPath(new URL('../../dist/manager.mjs', import.meta.url));

/** Bundles the manager, runs it with everything that it needs, and `use` beside it; nothing is left afterwards. */
export async function withFleet<T>(
  { signal, progress }: BenchContext,
  use: (scene: FleetScene) => Promise<T>,
): Promise<T> {
  progress('bundling');
  await execa('npm', ['run', 'build'], { cancelSignal: signal });
  await using cluster = await startManagementCluster(signal);
  const { controlPlane } = cluster;
  const [port = 0] = await freePorts(1);
  const start = (): Promise<Manager> =>
    startManager(controlPlane, {
      main: bundle,
      namespace: MANAGER_NAMESPACE,
      groups: ['system:masters'],
      // The renewals of its lease would be among its writes.
      flags: ['--leader-elect=false', '--log-level=warn'],
      signal,
    });
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  await runMeasurement(tenantApis, { management: accessTo(controlPlane), port }, signal, async () => {
    await using fleet = await observeFleet(controlPlane, port, signal);
    let manager = await start();
    const scene: FleetScene = {
      controlPlane,
      fleet,
      get manager() {
        return manager;
      },
      async restartManager() {
        await manager.stop();
        manager = await start();
      },
    };
    await use(scene).then(resolve, reject);
    await manager.stop();
  });
  return await promise;
}
