import { startControlPlane } from '#test/control-plane.ts';
import { type Figure, figure } from '../figure.ts';
import { interleave } from '../interleave.ts';
import { type InitialSyncInput, measurement as initialSync } from '../measurements/initial-sync.ts';
import { type WatchEventsInput, measurement as watchEvents } from '../measurements/watch-events.ts';
import { accessTo, createSecrets } from '../populate.ts';
import { runMeasurement } from '../run-measurement.ts';
import { summarize } from '../statistics.ts';
import type { BenchContext, Suite } from '../suite.ts';
import { withTlsServer } from '../tls-server.ts';

export const suite: Suite = {
  name: 'cache',
  description: 'informers: the events of a watch, and the initial sync from a real kube-apiserver',
  run: async (context) => [...(await eventFigures(context)), ...(await syncFigures(context))],
};

async function eventFigures({ quick, signal, progress }: BenchContext): Promise<readonly Figure[]> {
  const objects = quick ? 1_000 : 10_000;
  const events = quick ? 4_000 : 40_000;
  const variants: readonly WatchEventsInput['variant'][] = ['ours', 'stock', 'parse'];
  const { result: samples } = await withTlsServer({ objects, events, signal }, (access) =>
    interleave({ variants, rounds: quick ? 2 : 7 }, async (variant, round) => {
      progress(`events, ${variant}, ${round}`);
      const { seconds, cpuSeconds } = await runMeasurement(watchEvents, { variant, access, events }, signal);
      const counted = events - Math.floor(events / 10);
      return { perSecond: counted / seconds, cpuMicroseconds: (cpuSeconds * 1e6) / counted };
    }),
  );
  const against = (property: 'perSecond' | 'cpuMicroseconds') => ({
    samples: samples.ours.map((sample) => sample[property]),
    rivals: { 'client-node': samples.stock.map((sample) => sample[property]) },
    limits: { 'read and parsed only': samples.parse.map((sample) => sample[property]) },
  });
  const of = `on ${count(objects)} Secrets`;
  return [
    figure({ name: `watch events ${of}`, unit: 'events/s', better: 'higher', ...against('perSecond') }),
    figure({ name: `CPU per watch event ${of}`, unit: 'µs', better: 'lower', ...against('cpuMicroseconds') }),
  ];
}

async function syncFigures({ quick, signal, progress }: BenchContext): Promise<readonly Figure[]> {
  const objects = quick ? 500 : 10_000;
  await using controlPlane = await startControlPlane({ signal });
  progress(`creating ${objects} Secrets on a real kube-apiserver`);
  await createSecrets(controlPlane.client, objects, signal);
  const access = accessTo(controlPlane);
  const variants: readonly InitialSyncInput['variant'][] = ['full', 'metadata', 'stock', 'read'];
  const samples = await interleave({ variants, rounds: quick ? 2 : 7 }, async (variant, round) => {
    progress(`initial sync, ${variant}, ${round}`);
    const output = await runMeasurement(initialSync, { variant, access, objects }, signal);
    return { ...output, heapKB: output.heapBytesPerObject / 1000 };
  });
  const of = (variant: InitialSyncInput['variant'], property: 'seconds' | 'cpuSeconds' | 'peakMiB' | 'heapKB') =>
    samples[variant].map((sample) => sample[property]);
  const bytes = (samples.read[0]?.bytes ?? 0) / objects;
  const base = summarize(samples.full.map(({ residentMiB }) => residentMiB)).median;
  const better = 'lower';
  return (['full', 'metadata'] as const).flatMap((variant) => {
    const what = `${count(objects)} Secrets, ${variant === 'full' ? 'full' : 'metadata only'}`;
    const rival = (property: Parameters<typeof of>[1]) => ({ 'client-node, full': of('stock', property) });
    const limit = (property: Parameters<typeof of>[1]) => ({ 'full pages read only': of('read', property) });
    return [
      figure({
        name: `initial sync of ${what}`,
        unit: 's',
        better,
        samples: of(variant, 'seconds'),
        rivals: rival('seconds'),
        limits: limit('seconds'),
        note: `${(bytes / 1000).toFixed(1)} KB each on the wire`,
      }),
      figure({
        name: `CPU of the initial sync of ${what}`,
        unit: 's',
        better,
        samples: of(variant, 'cpuSeconds'),
        rivals: rival('cpuSeconds'),
        limits: limit('cpuSeconds'),
      }),
      figure({
        name: `peak resident memory of the initial sync of ${what}`,
        unit: 'MiB',
        better,
        samples: of(variant, 'peakMiB'),
        rivals: rival('peakMiB'),
        note: `the whole process; ${Math.round(base)} MiB before it begins`,
      }),
      figure({
        name: `heap per cached object, ${what}`,
        unit: 'KB',
        better,
        samples: of(variant, 'heapKB'),
        rivals: rival('heapKB'),
        ...(variant === 'full' ? { limits: { 'size on the wire': samples.full.map(() => bytes / 1000) } } : {}),
      }),
    ];
  });
}

function count(objects: number): string {
  return objects.toLocaleString('en');
}
