import { rm } from 'node:fs/promises';
import { deleteManagementCluster } from './cluster/management-cluster.ts';
import { existingEngine, stopEngine } from './docker/engine.ts';
import { labPaths } from './paths.ts';
import type { Stage } from './stages.ts';
import { openTools } from './tools.ts';

/**
 * Removes all that the lab made: the management cluster, worker machines, the engine and the network if they are the lab's,
 * what was changed of the machine's packet filter, and the state directory. The caches of binaries and images stay.
 */
export async function labDown(stage: Stage): Promise<void> {
  await stage('Clusters and worker machines', async (options) => {
    const engine = await existingEngine(options);
    if (engine === undefined) return;
    const { paths, binaries } = await openTools(options);
    await deleteManagementCluster({ docker: engine.docker, kind: binaries.kind, paths }, options);
  });
  await stage('Docker engine', stopEngine);
  await stage('State', () => rm(labPaths().directory, { recursive: true, force: true }));
}
