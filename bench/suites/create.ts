import { type BenchLab, namespace, openBenchLab } from '../lab/bench-lab.ts';
import { type Creation, createTenant, type Floor, measureFloor, type PodTimes } from '../lab/creation.ts';
import { budget, type Figure, figure } from '../figure.ts';
import { interleave } from '../interleave.ts';
import type { BenchContext, Suite } from '../suite.ts';

export const suite: Suite = {
  name: 'create',
  description: 'one tenant from its creation to Ready on the lab, images present, its datastore warm',
  async run(context) {
    await using bench = await openBenchLab(context);
    const samples = await interleave(
      { variants: ['plain', 'konnectivity'], rounds: context.quick ? 1 : 10, warmUp: context.quick ? 0 : 1 },
      (variant, round) => measure(bench, variant === 'konnectivity', round, context),
    );
    return [
      ...figuresOf('without konnectivity', samples.plain),
      ...figuresOf('with konnectivity', samples.konnectivity),
    ];
  },
};

interface Sample {
  readonly creation: Creation;
  readonly floor: Floor;
}

let number = 0;

async function measure(
  bench: BenchLab,
  konnectivity: boolean,
  round: string,
  { signal, progress }: BenchContext,
): Promise<Sample> {
  const tenant = { name: `create-${++number}`, namespace, konnectivity };
  const creation = await createTenant(bench, tenant, signal);
  const floor = await measureFloor(bench, tenant, signal);
  const seconds = [creation.ready, floor.warm.podReady, floor.empty.podReady].map((one) => `${one.toFixed(2)} s`);
  const how = `${konnectivity ? 'with' : 'without'} konnectivity, ${round}`;
  const cpu = `${Math.round(creation.managerCpuMs)} ms of the manager's processor time`;
  progress(`${how}: Ready, floor, floor on an empty store: ${seconds.join(', ')}; ${cpu}`);
  return { creation, floor };
}

const stages = ['admitted', 'keys', 'objects', 'scheduled', 'started', 'serving', 'podReady', 'ready'] as const;

const stageNames: Readonly<Record<(typeof stages)[number], string>> = {
  admitted: 'stored by the API server',
  keys: 'all Secrets written',
  objects: 'Deployment written',
  scheduled: 'pod scheduled',
  started: 'containers started',
  serving: 'API server serves',
  podReady: 'pod ready',
  ready: 'Ready',
};

const floorStages = ['scheduled', 'started', 'serving', 'podReady'] as const;

function figuresOf(how: string, samples: readonly Sample[]): readonly Figure[] {
  const creations = samples.map(({ creation }) => creation);
  const floors = samples.map(({ floor }) => floor);
  const better = 'lower';
  const limitsAt = (stage: keyof PodTimes) => ({
    'the floor: these pods again': floors.map(({ warm }) => warm[stage]),
    'these pods again on an empty store': floors.map(({ empty }) => empty[stage]),
  });
  const floorAt = (stage: (typeof stages)[number]) => {
    const same = floorStages.find((one) => one === stage);
    return same === undefined ? {} : { limits: limitsAt(same) };
  };
  const above = (floor: keyof Floor): readonly number[] =>
    samples.map((sample) => sample.creation.ready - sample.floor[floor].podReady);
  return [
    figure({
      name: `create to Ready, ${how}`,
      unit: 's',
      better,
      samples: creations.map(({ ready }) => ready),
      limits: limitsAt('podReady'),
    }),
    figure({
      name: `what that is above the floor, ${how}`,
      unit: 's',
      better,
      samples: above('warm'),
      limits: { budget: budget(1, samples) },
    }),
    figure({
      name: `what that is above the floor on an empty store, ${how}`,
      unit: 's',
      better,
      samples: above('empty'),
    }),
    ...stages.slice(0, -1).map((stage) =>
      figure({
        name: `create to ${stageNames[stage]}, ${how}`,
        unit: 's',
        better,
        samples: creations.map((creation) => creation[stage]),
        ...floorAt(stage),
      }),
    ),
    figure({
      name: `CPU of the manager, ${how}`,
      unit: 'ms',
      better,
      samples: creations.map(({ managerCpuMs }) => managerCpuMs),
      limits: { budget: budget(150, samples) },
    }),
    figure({
      name: `objects created and changed in the management cluster, ${how}`,
      unit: 'writes',
      better,
      samples: creations.map(({ requests }) => requests.created + requests.changed),
      limits: { budget: budget(30, samples) },
    }),
    figure({
      name: `writes of the status, ${how}`,
      unit: 'writes',
      better,
      samples: creations.map(({ requests }) => requests.statusWrites),
      limits: { budget: budget(5, samples) },
    }),
    figure({
      name: `reads from the management API server, ${how}`,
      unit: 'requests',
      better,
      samples: creations.map(({ requests }) => requests.reads),
    }),
  ];
}
