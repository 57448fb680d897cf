import { tenantControlPlanes } from '#api/kinds.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type { Lab } from '#lab/up.ts';
import { type Deployment, deployments, type Pod, pods, type Secret, secrets } from '#runtime/client/builtin.ts';
import type { Transport } from '#runtime/client/transport.ts';
import { connect, type History, recordHistory } from '#test/lab/history.ts';
import * as manager from '#test/lab/manager.ts';
import { openLab } from '#test/lab/open-lab.ts';
import { findProcess, type PodProcess } from '#test/lab/pod-process.ts';

/** The namespace of all tenants of the benchmarks. */
export const namespace = 'bench';

/** The lab as benchmarks look at it: everything that happens in their namespace is seen from the beginning. */
export interface BenchLab extends AsyncDisposable {
  readonly lab: Lab;
  readonly transport: Transport;
  readonly manager: PodProcess;
  readonly tenants: History<TenantControlPlane>;
  readonly secrets: History<Secret>;
  readonly deployments: History<Deployment>;
  readonly pods: History<Pod>;
}

/** Brings the lab up if it is not, empties the namespace of the benchmarks and begins to watch it. */
export async function openBenchLab(signal: AbortSignal): Promise<BenchLab> {
  const lab = await openLab(signal);
  await lab.kubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--wait', '--timeout=300s']);
  await lab.kubectl(['create', 'namespace', namespace]);
  const [pod] = await manager.readyManagers(lab.kubectl, 1, signal);
  const process = await findProcess(lab.engine.docker, pod?.metadata?.name ?? '', 'manager');
  const transport = await connect(lab.paths.kubeconfig);
  const here = { namespace };
  const histories = {
    tenants: await recordHistory(transport, tenantControlPlanes, here, signal),
    secrets: await recordHistory(transport, secrets, here, signal),
    deployments: await recordHistory(transport, deployments, here, signal),
    pods: await recordHistory(transport, pods, here, signal),
  };
  return {
    lab,
    transport,
    manager: process,
    ...histories,
    async [Symbol.asyncDispose]() {
      await Promise.all(Object.values(histories).map((history) => history[Symbol.asyncDispose]()));
      await transport.close();
      await lab.kubectl(['delete', 'namespace', namespace, '--wait=false']);
    },
  };
}
