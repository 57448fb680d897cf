import { annotations, labels } from '#api/labels.ts';
import { type BareTenant, bareTenantManifest, removeBareTenants } from '#lab/bare-tenant.ts';
import type { Deployment } from '#runtime/client/builtin.ts';
import { managerRequests } from '#test/lab/manager.ts';
import { readUsage } from '#test/lab/pod-process.ts';
import { type BenchLab, namespace } from './bench-lab.ts';
import { podMoments, readyAt, until } from './moments.ts';
import { countRequests, type RequestCounts } from './request-counts.ts';

/** How one tenant came to be, in seconds since its creation was asked for. */
export interface Creation {
  readonly admitted: number;
  /** The last of its Secrets that came before its Deployment. */
  readonly keys: number;
  readonly objects: number;
  readonly scheduled: number;
  readonly started: number;
  readonly serving: number;
  readonly podReady: number;
  readonly ready: number;
  readonly managerCpuMs: number;
  readonly requests: RequestCounts;
}

/** The same pods again, brought up by nothing but Kubernetes; in seconds since they were asked for. */
export interface PodTimes {
  readonly scheduled: number;
  readonly started: number;
  readonly serving: number;
  readonly podReady: number;
}

/** What a creation is held against. */
export interface Floor {
  /** On what the tenant has stored already. */
  readonly warm: PodTimes;
  /** On an empty store, as a new tenant's is: the API server writes its roles, priority levels and namespaces first. */
  readonly empty: PodTimes;
}

const limitSeconds = 300;

/** Creates a tenant and watches it until it is Ready. */
export async function createTenant(bench: BenchLab, tenant: BareTenant, signal: AbortSignal): Promise<Creation> {
  const { docker } = bench.lab.engine;
  const before = await readUsage(docker, bench.manager);
  const asked = Date.now();
  await bench.transport.request({
    method: 'POST',
    path: `/apis/kamaji.clastix.io/v1alpha1/namespaces/${namespace}/tenantcontrolplanes`,
    body: JSON.stringify(bareTenantManifest(tenant)),
    signal,
  });
  const admitted = Date.now();
  const { name } = tenant;
  const ready = await until(`${name} Ready`, limitSeconds, () => readyAt(bench.tenants, name), signal);
  const after = await readUsage(docker, bench.manager);
  const pods = await until(`pods of ${name}`, 10, () => podMoments(bench, name, asked), signal);
  const deployment = bench.deployments.versions().find(({ object }) => object.metadata?.name === name);
  const objects = deployment?.at.getTime() ?? Number.NaN;
  const keys = bench.secrets.versions().findLast(({ object, type, at }) => {
    return type === 'ADDED' && at.getTime() <= objects && object.metadata?.labels?.[labels.name] === name;
  });
  const since = (moment: number) => (moment - asked) / 1_000;
  return {
    admitted: since(admitted),
    keys: since(keys?.at.getTime() ?? objects),
    objects: since(objects),
    scheduled: since(pods.scheduled),
    started: since(pods.started),
    serving: since(pods.serving),
    podReady: since(pods.ready),
    ready: since(ready),
    managerCpuMs: (after.cpuSeconds - before.cpuSeconds) * 1_000,
    requests: countRequests(await managerRequests(bench.lab, new Date(asked)), new Date(ready)),
  };
}

/**
 * Takes the pods of a Ready tenant away and has its Deployment bring them up again while the provider looks away; then removes the
 * tenant. While it is paused, until it is going: the provider would bring up the pods that it wants once more, beside those that are
 * measured next.
 */
export async function measureFloor(bench: BenchLab, tenant: BareTenant, signal: AbortSignal): Promise<Floor> {
  const { kubectl } = bench.lab;
  const { name } = tenant;
  const pause = (value: string) =>
    kubectl(['annotate', 'tcp', name, '-n', namespace, '--overwrite', `${annotations.paused}${value}`]);
  await pause('=true');
  const warm = await podsAgain(bench, name, signal);
  await moveToEmptyStore(bench, name, signal);
  const empty = await podsAgain(bench, name, signal);
  await scaleDeployment(bench, name, 0, signal);
  await kubectl(['delete', 'tcp', name, '-n', namespace, '--wait=false']);
  await pause('-');
  await removeTenants(bench, [tenant]);
  return { warm, empty };
}

async function podsAgain(bench: BenchLab, name: string, signal: AbortSignal): Promise<PodTimes> {
  await scaleDeployment(bench, name, 0, signal);
  await deletePods(bench, name);
  const asked = Date.now();
  await scaleDeployment(bench, name, 1, signal);
  const look = () => podMoments(bench, name, asked);
  const { scheduled, started, serving, ready } = await until(`pods of ${name} again`, limitSeconds, look, signal);
  const since = (moment: number) => (moment - asked) / 1_000;
  return { scheduled: since(scheduled), started: since(started), serving: since(serving), podReady: since(ready) };
}

/** Has the API server keep its objects below those that it has now, where its user may write too. */
async function moveToEmptyStore(bench: BenchLab, name: string, signal: AbortSignal): Promise<void> {
  await scaleDeployment(bench, name, 0, signal);
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
  const deployment: Deployment = JSON.parse((await bench.transport.request({ method: 'GET', path, signal })).body);
  const containers = deployment.spec?.template.spec?.containers ?? [];
  const container = containers.findIndex((one) => one.name === 'kube-apiserver');
  const args = containers[container]?.args ?? [];
  const index = args.findIndex((argument) => argument.startsWith('--etcd-prefix='));
  const argument = `/spec/template/spec/containers/${container}/args/${index}`;
  const body = JSON.stringify([{ op: 'replace', path: argument, value: `${args[index]}/empty` }]);
  await bench.transport.request({ method: 'PATCH', path, contentType: 'application/json-patch+json', body, signal });
}

/** Deletes tenants and, so that nothing of them disturbs what is measured next, their pods with hardly any grace. */
export async function removeTenants(bench: BenchLab, tenants: readonly BareTenant[]): Promise<void> {
  await removeBareTenants(bench.lab.kubectl, tenants);
  for (const { name } of tenants) await deletePods(bench, name);
}

async function deletePods({ lab }: BenchLab, name: string): Promise<void> {
  const selection = ['-n', namespace, '-l', `${labels.name}=${name}`];
  // Without any grace they would be gone from the API at once, and their processes would go on ending for half a minute.
  await lab.kubectl(['delete', 'pods', ...selection, '--grace-period=1', '--wait', '--timeout=60s']);
}

async function scaleDeployment(
  { transport }: BenchLab,
  name: string,
  replicas: number,
  signal: AbortSignal,
): Promise<void> {
  await transport.request({
    method: 'PATCH',
    path: `/apis/apps/v1/namespaces/${namespace}/deployments/${name}/scale`,
    contentType: 'application/merge-patch+json',
    body: JSON.stringify({ spec: { replicas } }),
    signal,
  });
}
