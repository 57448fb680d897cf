import { setTimeout as sleep } from 'node:timers/promises';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { labels } from '#api/labels.ts';
import type { Pod } from '#runtime/client/builtin.ts';
import type { History, Version } from '#test/lab/history.ts';
import { isReady } from '#test/lab/manager.ts';
import type { BenchLab } from './bench-lab.ts';

/** When the pods of a control plane got how far; milliseconds since the epoch, by this machine's clock. */
export interface PodMoments {
  readonly scheduled: number;
  readonly started: number;
  readonly serving: number;
  readonly ready: number;
}

/** What happened first with the pods of one generation; undefined while it has not all happened. */
export function podMoments({ pods }: Pick<BenchLab, 'pods'>, tenant: string, since: number): PodMoments | undefined {
  const versions = pods.versions().filter(({ object, at }) => {
    return object.metadata?.labels?.[labels.name] === tenant && at.getTime() >= since && !isGoing(object);
  });
  const first = (test: (pod: Pod) => boolean) => versions.find(({ object }) => test(object))?.at.getTime();
  const scheduled = first((pod) => Boolean(pod.spec?.nodeName));
  const started = first(({ status }) => {
    return status?.containerStatuses?.every(({ state }) => state?.running !== undefined) ?? false;
  });
  const serving = first(({ status }) => {
    return status?.containerStatuses?.some(({ name, ready }) => name === 'kube-apiserver' && ready) ?? false;
  });
  const ready = first(isReady);
  if (scheduled === undefined || started === undefined || serving === undefined || ready === undefined)
    return undefined;
  return { scheduled, started, serving, ready };
}

function isGoing(pod: Pod): boolean {
  return pod.metadata?.deletionTimestamp !== undefined;
}

/** When the tenant was said to be Ready for the first time. */
export function readyAt(tenants: History<TenantControlPlane>, name: string): number | undefined {
  const isReadyNow = ({ object }: Version<TenantControlPlane>) =>
    object.metadata.name === name &&
    object.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
  return tenants.versions().find(isReadyNow)?.at.getTime();
}

/** Waits until `look` finds something; throws after so many seconds. */
export async function until<T>(
  what: string,
  seconds: number,
  look: () => T | undefined,
  signal: AbortSignal,
): Promise<T> {
  const deadline = performance.now() + seconds * 1_000;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${seconds} s`);
    await sleep(20, undefined, { signal });
  }
}
