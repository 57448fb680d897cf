import { namespaces } from '#runtime/client/builtin.ts';
import { type ControlPlane, startControlPlane } from '#test/control-plane.ts';
import { type Figure, budget, figure } from '../figure.ts';
import { type Samples, interleave } from '../interleave.ts';
import { type ReconnectStormInput, measurement as reconnectStorm } from '../measurements/reconnect-storm.ts';
import { type RoundTripsInput, measurement as roundTrips } from '../measurements/round-trips.ts';
import { accessTo, createConfigMaps, createSecrets } from '../populate.ts';
import { runMeasurement } from '../run-measurement.ts';
import { namespaceOf, sampleSecret } from '../sample-secrets.ts';
import type { BenchContext, Suite } from '../suite.ts';
import { withTlsServer } from '../tls-server.ts';

export const suite: Suite = {
  name: 'client',
  description: 'requests and connections to a real kube-apiserver, and its restart under many watches',
  async run(context) {
    await using controlPlane = await startControlPlane({ signal: context.signal });
    await createSecrets(controlPlane.client, 1, context.signal);
    return [
      ...(await roundTripFigures(controlPlane, context)),
      ...(await handshakeFigures(context)),
      ...(await stormFigures(controlPlane, context)),
    ];
  },
};

const key = { namespace: namespaceOf(0), name: sampleSecret(0).metadata?.name ?? '' };

async function roundTripFigures(
  controlPlane: ControlPlane,
  { quick, signal, progress }: BenchContext,
): Promise<readonly Figure[]> {
  const access = accessTo(controlPlane);
  const requests = quick ? 200 : 1_000;
  const variants: readonly RoundTripsInput['variant'][] = ['ours', 'stock', 'stock-one-agent', 'bare'];
  const figures: Figure[] = [];
  for (const [operation, concurrency] of [
    ['get', 1],
    ['get', 16],
    ['apply', 1],
  ] as const) {
    const what = `${operation === 'get' ? 'GETs of a Secret' : 'applies that change nothing'}, ${concurrency} at a time`;
    const samples = await interleave({ variants, rounds: quick ? 2 : 5 }, async (variant, round) => {
      progress(`${what}, ${variant}, ${round}`);
      const input = { variant, operation, access, key, requests, concurrency, warmUp: requests / 10 };
      const { seconds, cpuSeconds } = await runMeasurement(roundTrips, input, signal);
      return { perSecond: requests / seconds, cpuMicroseconds: (cpuSeconds * 1e6) / requests };
    });
    const against = (property: 'perSecond' | 'cpuMicroseconds') => {
      const of = (variant: RoundTripsInput['variant']) => samples[variant].map((sample) => sample[property]);
      return {
        samples: of('ours'),
        rivals: { 'client-node': of('stock'), 'client-node, one agent put in': of('stock-one-agent') },
        limits: { 'undici and JSON.parse': of('bare') },
      };
    };
    figures.push(
      figure({ name: `round trips: ${what}`, unit: 'requests/s', better: 'higher', ...against('perSecond') }),
      figure({ name: `CPU of a round trip: ${what}`, unit: 'µs', better: 'lower', ...against('cpuMicroseconds') }),
    );
  }
  return figures;
}

async function handshakeFigures({ quick, signal, progress }: BenchContext): Promise<readonly Figure[]> {
  const requests = quick ? 100 : 1_000;
  const variants: readonly RoundTripsInput['variant'][] = ['ours', 'stock'];
  const figures: Figure[] = [];
  for (const concurrency of [1, 16]) {
    const what = `${requests.toLocaleString('en')} requests, ${concurrency} at a time`;
    const samples = await interleave({ variants, rounds: quick ? 1 : 3, warmUp: 0 }, async (variant, round) => {
      progress(`handshakes, ${what}, ${variant}, ${round}`);
      const { counted } = await withTlsServer({ objects: 1, events: 0, signal }, (access) => {
        const input = { variant, operation: 'get', access, key, requests, concurrency, warmUp: 0 } as const;
        return runMeasurement(roundTrips, input, signal);
      });
      return counted;
    });
    const of = (variant: 'ours' | 'stock') => samples[variant].map(({ handshakes }) => handshakes);
    figures.push(
      figure({
        name: `TLS handshakes for ${what}`,
        unit: 'handshakes',
        better: 'lower',
        samples: of('ours'),
        rivals: { 'client-node': of('stock') },
        limits: { 'one per socket of the pool': budget(4, samples.ours) },
        note: `resumed of these: ${samples.ours.at(-1)?.resumed ?? 0}, client-node ${samples.stock.at(-1)?.resumed ?? 0}`,
      }),
    );
  }
  return figures;
}

async function stormFigures(
  controlPlane: ControlPlane,
  { quick, signal, progress }: BenchContext,
): Promise<readonly Figure[]> {
  const watches = quick ? 50 : 1_000;
  const limitSeconds = quick ? 20 : 60;
  const namespace = 'storm';
  const access = accessTo(controlPlane);
  await controlPlane.client.create(namespaces, { metadata: { name: namespace } }, { signal });
  await createConfigMaps(controlPlane.client, namespace, watches, signal);

  const storm = async (variant: ReconnectStormInput['variant'], round: string) => {
    progress(`restart under ${watches} watches, ${variant}, ${round}`);
    const input = { variant, access, namespace, watches, limitSeconds };
    return runMeasurement(reconnectStorm, input, signal, async () => {
      const killedAt = Date.now();
      await controlPlane.restartApiServer();
      return { killedAt, readyAt: Date.now() };
    });
  };
  const rounds = quick ? 1 : 5;
  const samples = await interleave({ variants: ['ours', 'stock-restarted'], rounds, warmUp: 0 }, storm);
  const asItIs = await interleave({ variants: ['stock'], rounds: 1, warmUp: 0 }, storm);
  return figuresOfStorm(samples, asItIs.stock[0]?.open ?? 0, watches, limitSeconds);
}

type Storm = Awaited<ReturnType<(typeof reconnectStorm)['run']>>;

function figuresOfStorm(
  samples: Samples<'ours' | 'stock-restarted', Storm>,
  stockOpen: number,
  watches: number,
  limitSeconds: number,
): readonly Figure[] {
  const after = `after a restart under ${watches.toLocaleString('en')} watches`;
  const against = (property: keyof Storm) => ({
    samples: samples.ours.map((sample) => sample[property]),
    rivals: { 'client-node, started again 5 s after an error': samples['stock-restarted'].map((one) => one[property]) },
  });
  const better = 'lower';
  const late = (variant: 'ours' | 'stock-restarted') => samples[variant].filter(({ open }) => open < watches).length;
  return [
    figure({
      name: `watches open ${limitSeconds} s ${after}`,
      unit: 'watches',
      better: 'higher',
      samples: samples.ours.map(({ open }) => open),
      rivals: { 'client-node as it is': samples.ours.map(() => stockOpen) },
      limits: { all: budget(watches, samples.ours) },
      note: 'client-node as it is: one round; its informers stop at the first error',
    }),
    figure({
      name: `API server killed to all watches open, ${after}`,
      unit: 's',
      better,
      ...against('seconds'),
      limits: { 'the server itself ready': samples.ours.map(({ serverSeconds }) => serverSeconds) },
      note: `rounds that were not done ${limitSeconds} s after the server was ready, counted as that: ours ${late('ours')}, client-node ${late('stock-restarted')}`,
    }),
    figure({
      name: `TLS handshakes ${after}`,
      unit: 'handshakes',
      better,
      ...against('handshakes'),
      limits: { 'one per watch': budget(watches, samples.ours) },
    }),
    figure({ name: `requests ${after}`, unit: 'requests', better, ...against('requests') }),
    figure({ name: `CPU ${after}`, unit: 's', better, ...against('cpuSeconds') }),
    figure({ name: `peak resident memory ${after}`, unit: 'MiB', better, ...against('peakMiB') }),
  ];
}
