import { tenantControlPlanes } from '#api/kinds.ts';
import { annotations } from '#api/labels.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type { Lab } from '#lab/up.ts';
import { type Deployment, deployments, type Pod, pods, type Secret, secrets } from '#runtime/client/builtin.ts';
import type { Transport } from '#runtime/client/transport.ts';
import { connect, type History, recordHistory } from '#test/lab/history.ts';
import * as manager from '#test/lab/manager.ts';
import { openLab } from '#test/lab/open-lab.ts';
import { findProcess, type PodProcess } from '#test/lab/pod-process.ts';
import type { BenchContext } from '../suite.ts';

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

/**
 * Brings the lab up if it is not, empties the namespace of the benchmarks and begins to watch it. Refuses a lab with other control
 * planes, such as that of `make quickstart`: they take the processors that are to be measured.
 */
export async function openBenchLab({ signal, quick }: BenchContext): Promise<BenchLab> {
  const lab = await openLab(signal);
  // A run that was interrupted may have left a paused one, of which nothing would go.
  await lab.kubectl(['annotate', 'tcp', '--all', '-n', namespace, `${annotations.paused}-`]);
  await lab.kubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--wait', '--timeout=300s']);
  if (!quick) await refuseOthers(lab);
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

async function refuseOthers({ kubectl }: Lab): Promise<void> {
  const path = '{range .items[*]}{.metadata.namespace}/{.metadata.name} {end}';
  const others = (
    await kubectl(['get', 'tenantcontrolplanes', '--all-namespaces', `--output=jsonpath=${path}`])
  ).trim();
  if (others === '') return;
  throw new Error(
    `the lab runs other control planes: ${others}: delete their Clusters or themselves, or measure with --quick`,
  );
}
