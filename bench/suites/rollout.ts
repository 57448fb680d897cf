import { annotations, labels } from '#api/labels.ts';
import { type BareTenant, applyBareTenant, openBareTenant } from '#lab/bare-tenant.ts';
import { isReady } from '#test/lab/manager.ts';
import { tagLaterVersion } from '#test/lab/later-versions.ts';
import { type Noticed, startUsers } from '#test/rollout/users.ts';
import { type Figure, budget, figure } from '../figure.ts';
import { type BenchLab, namespace, openBenchLab } from '../lab/bench-lab.ts';
import { removeTenants } from '../lab/creation.ts';
import { readyAt, until } from '../lab/moments.ts';
import type { BenchContext, Suite } from '../suite.ts';

export const suite: Suite = {
  name: 'rollout',
  description:
    'what users of a control plane of two replicas notice of a change of its version and of a rotation of certificates, on the lab',
  async run(context) {
    const { quick, signal, progress } = context;
    await using bench = await openBenchLab(context);
    const tenant: BareTenant = { name: 'rollout', namespace, replicas: 2, serviceType: 'LoadBalancer' };
    await applyBareTenant(bench.lab.kubectl, tenant);
    await until('the tenant Ready', 300, () => readyAt(bench.tenants, tenant.name), signal);
    await settled(bench, new Set(), context);
    const rollouts: Record<Kind, Rollout[]> = { 'version change': [], 'certificate rotation': [] };
    {
      await using users = await startUsers(await openBareTenant(bench.lab, tenant), 20, signal);
      for (let round = 1; round <= (quick ? 1 : 3); round++) {
        for (const kind of kinds) {
          progress(`${kind} ${round}`);
          const old = await settled(bench, new Set(), context);
          const began = performance.now();
          await begin[kind](bench, tenant, round);
          await settled(bench, old, context);
          const seconds = (performance.now() - began) / 1_000;
          rollouts[kind].push({ ...(await users.take()), seconds });
        }
      }
    }
    await removeTenants(bench, [tenant]);
    return kinds.flatMap((kind) => figuresOf(kind, rollouts[kind]));
  },
};

const kinds = ['version change', 'certificate rotation'] as const;
type Kind = (typeof kinds)[number];

interface Rollout extends Noticed {
  readonly seconds: number;
}

/** What a user does for it, by the number of the round. */
const begin: Readonly<Record<Kind, (bench: BenchLab, tenant: BareTenant, round: number) => Promise<unknown>>> = {
  async 'version change'({ lab }, tenant, round) {
    const version = await tagLaterVersion(lab.engine.docker, round);
    const patch = JSON.stringify({ spec: { kubernetes: { version } } });
    await lab.kubectl(['patch', 'tcp', tenant.name, '-n', tenant.namespace, '--type=merge', '-p', patch]);
  },
  'certificate rotation': ({ lab }, { name }) =>
    lab.kubectl([
      'annotate',
      'secret',
      `${name}-api-server-certificate`,
      '-n',
      namespace,
      `${annotations.rotate}=`,
      '--overwrite',
    ]),
};

/** Waits until two pods are there, ready and none of `old`, and no others; answers their UIDs. */
function settled(bench: BenchLab, old: ReadonlySet<string>, { signal }: BenchContext): Promise<ReadonlySet<string>> {
  const look = (): ReadonlySet<string> | undefined => {
    const present = new Map<string, boolean>();
    for (const { object, type } of bench.pods.versions()) {
      if (object.metadata?.labels?.[labels.name] === undefined) continue;
      const uid = object.metadata.uid ?? '';
      if (type === 'DELETED') present.delete(uid);
      else present.set(uid, isReady(object) && !old.has(uid));
    }
    return present.size === 2 && [...present.values()].every(Boolean) ? new Set(present.keys()) : undefined;
  };
  return until('two new pods', 300, look, signal);
}

function figuresOf(kind: Kind, rollouts: readonly Rollout[]): readonly Figure[] {
  const better = 'lower';
  const probes = rollouts.map((rollout) => Object.values(rollout.probes));
  const sum = (property: 'requests' | 'repeated' | 'postponed') =>
    probes.map((kinds) => kinds.reduce((total, kind) => total + kind[property], 0));
  const requests = sum('requests').reduce((total, one) => total + one, 0);
  const events = rollouts.reduce((total, rollout) => total + rollout.events.written, 0);
  const zero = { limits: { budget: budget(0, rollouts) } };
  return [
    figure({
      name: `failed requests in a ${kind}`,
      unit: 'requests',
      better,
      samples: probes.map((kinds) => kinds.flatMap(({ failures }) => failures).length),
      ...zero,
      note: `of ${requests} in all: 20 a second each on kept connections, over HTTP/2 and on a new connection each time`,
    }),
    figure({
      name: `lost watch events in a ${kind}`,
      unit: 'events',
      better,
      samples: rollouts.map((rollout) => rollout.events.lost.length + rollout.events.failures.length),
      ...zero,
      note: `of ${events} in all`,
    }),
    figure({
      name: `requests sent again in a ${kind}, their connection having ended`,
      unit: 'requests',
      better,
      samples: sum('repeated'),
    }),
    figure({
      name: `requests sent again in a ${kind} when the server asked for that`,
      unit: 'requests',
      better,
      samples: sum('postponed'),
    }),
    figure({
      name: `slowest request in a ${kind}`,
      unit: 'ms',
      better,
      samples: probes.map((kinds) => Math.max(...kinds.map(({ slowestMs }) => slowestMs))),
    }),
    figure({
      name: `${kind}: asked for until the last old pod is gone`,
      unit: 's',
      better,
      samples: rollouts.map(({ seconds }) => seconds),
    }),
  ];
}
