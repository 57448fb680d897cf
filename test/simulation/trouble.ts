import { dataStores, kamajiControlPlanes, tenantControlPlanes } from '#api/kinds.ts';
import type { Condition } from '#api/meta.ts';
import type { KubeObject, Resource } from '#runtime/client/resource.ts';
import { keyOf, keyString } from '#runtime/client/resource.ts';
import type { Simulation } from './simulation.ts';

type WithConditions = KubeObject & { readonly status?: { readonly conditions?: readonly Condition[] } };

/** What is not as it should be, for people: conditions that are not True, passes that fail, the last calls and log lines. */
export async function describeTrouble(simulation: Simulation): Promise<string> {
  const { world, transcript, processes, log } = simulation;
  const kinds: readonly Resource<WithConditions>[] = [tenantControlPlanes, kamajiControlPlanes, dataStores];
  const objects = await Promise.all(kinds.map((kind) => world.management.list(kind)));
  const conditions = objects
    .flat()
    .flatMap((object) =>
      (object.status?.conditions ?? [])
        .filter(({ status }) => status !== 'True')
        .map(
          ({ type, status, reason, message }) =>
            `  ${nameOf(object)}: ${type} ${status} ${reason ?? ''}: ${message ?? ''}`,
        ),
    );
  const failing = processes.flatMap(({ passes, number }) =>
    [...passes.failing].map(([name, error]) => `  manager ${number}: ${name}: ${String(error)}`),
  );
  const calls = transcript.slice(-25).map(({ process, line, key }) => `  ${process} ${line} ${key}`);
  const lines = log
    .filter(({ level }) => level === 'error' || level === 'warn')
    .slice(-10)
    .map(
      ({ process, message, error }) => `  ${process} ${message}${error instanceof Error ? `: ${error.message}` : ''}`,
    );
  return [
    'conditions:',
    ...conditions,
    'failing passes:',
    ...failing,
    'last calls:',
    ...calls,
    'last warnings:',
    ...lines,
  ].join('\n');
}

function nameOf(object: KubeObject): string {
  return `${object.kind ?? ''} ${keyString(keyOf(object))}`;
}
