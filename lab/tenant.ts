import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { apply, createKubectl, type Kubectl } from './cluster/kubectl.ts';
import { checkout } from './paths.ts';
import type { StepOptions } from './progress.ts';
import type { Lab } from './up.ts';
import { kubernetesVersion } from './versions.ts';
import { type Look, waitFor } from './wait.ts';

/** A tenant cluster to be made from one of the checkout's templates. */
export interface TenantSpec {
  readonly name: string;
  readonly namespace: string;
  /** Name of a file in `templates/`, without directory. */
  readonly template: string;
  readonly controlPlaneReplicas: number;
  readonly workers: number;
  /** Values for the template's own variables. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** `clusterctl generate cluster … | kubectl apply`, as a user would. */
export async function applyTenant(lab: Lab, spec: TenantSpec): Promise<void> {
  const { name, namespace, template, controlPlaneReplicas, workers } = spec;
  const from = ['--from', join(checkout, 'templates', template), '--target-namespace', namespace];
  const machines = { '--control-plane-machine-count': controlPlaneReplicas, '--worker-machine-count': workers };
  const sizes = Object.entries(machines).flatMap(([flag, count]) => [flag, String(count)]);
  const version = ['--kubernetes-version', kubernetesVersion];
  const kubelet = lab.engine.cgroupVersion === 1 ? [{ op: 'add', path: '/failCgroupV1', value: false }] : [];
  const variables = { KAMAJI_KUBELET_PATCHES: JSON.stringify(kubelet), ...spec.variables };
  await apply(
    lab.kubectl,
    await lab.clusterctl(['generate', 'cluster', name, ...from, ...version, ...sizes], variables),
  );
}

/**
 * Writes the tenant's admin kubeconfig to the state directory once Cluster API has it.
 *
 * @returns the path, and kubectl pointed at the tenant
 */
export async function openTenant(
  lab: Lab,
  { name, namespace }: Pick<TenantSpec, 'name' | 'namespace'>,
  signal: AbortSignal,
): Promise<{ readonly kubeconfig: string; readonly kubectl: Kubectl }> {
  const directory = join(lab.paths.directory, 'tenants', namespace);
  await mkdir(directory, { recursive: true });
  const kubeconfig = join(directory, `${name}.kubeconfig`);
  const content = await lab.clusterctl(['get', 'kubeconfig', name, '--namespace', namespace]);
  await writeFile(kubeconfig, content, { mode: 0o600 });
  return { kubeconfig, kubectl: createKubectl({ binary: lab.binaries.kubectl, kubeconfig, signal }) };
}

/** Waits until the tenant's control plane is initialised, reporting the first condition that is not met. */
export async function waitForControlPlane(
  lab: Lab,
  { name, namespace }: Pick<TenantSpec, 'name' | 'namespace'>,
  timeoutSeconds: number,
  options: StepOptions,
): Promise<void> {
  const look = async (): Promise<Look<true>> => {
    const path = 'jsonpath={.status.initialization.controlPlaneInitialized}';
    const initialised = await lab.kubectl(['get', 'kamajicontrolplane', name, '-n', namespace, '-o', path]);
    if (initialised === 'true') return { value: true };
    return { missing: await unmetCondition(lab.kubectl, name, namespace) };
  };
  await waitFor(`control plane of ${name}`, timeoutSeconds, look, options);
}

/** Waits until exactly so many Nodes are there and all are Ready. */
export async function waitForNodes(
  tenant: Kubectl,
  count: number,
  timeoutSeconds: number,
  options: StepOptions,
): Promise<readonly string[]> {
  const look = async (): Promise<Look<readonly string[]>> => {
    const ready = '{.status.conditions[?(@.type=="Ready")].status}';
    const template = `jsonpath={range .items[*]}{.metadata.name} ${ready}{"\\n"}{end}`;
    const nodes = (await tenant(['get', 'nodes', '-o', template])).split('\n').filter((line) => line !== '');
    const names = nodes.flatMap((line) => (line.endsWith(' True') ? [line.split(' ')[0] ?? ''] : []));
    if (names.length === count && nodes.length === count) return { value: names };
    return { missing: `${names.length} of ${nodes.length} nodes ready, ${count} wanted` };
  };
  return waitFor(`${count} ready nodes`, timeoutSeconds, look, options);
}

async function unmetCondition(kubectl: Kubectl, name: string, namespace: string): Promise<string> {
  const each = '{.type}{"\\t"}{.status}{"\\t"}{.reason}{"\\t"}{.message}{"\\n"}';
  const template = `jsonpath={range .status.conditions[*]}${each}{end}`;
  const read = async (kind: string) => {
    const text = await kubectl(['get', kind, name, '-n', namespace, '--ignore-not-found', '-o', template]);
    return text.split('\n').map((line) => line.split('\t'));
  };
  // The TenantControlPlane says more than the KamajiControlPlane that owns it.
  for (const kind of ['tenantcontrolplane', 'kamajicontrolplane']) {
    for (const [type = '', status, reason = '', message = ''] of await read(kind)) {
      if (status !== 'True' && /(?:Ready|Available|Initialized)$/.test(type)) return `${type}: ${reason} ${message}`;
    }
  }
  return 'control plane is being created';
}
