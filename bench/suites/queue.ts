import { figure } from '../figure.ts';
import { interleave } from '../interleave.ts';
import { type QueueInput, measurement } from '../measurements/queue.ts';
import { runMeasurement } from '../run-measurement.ts';
import type { Suite } from '../suite.ts';

export const suite: Suite = {
  name: 'queue',
  description: 'the work queue of the controllers (client-node has none)',
  async run({ quick, signal, progress }) {
    const items = quick ? 20_000 : 200_000;
    const variants: readonly QueueInput['variant'][] = ['throughput', 'burst', 'delayed', 'plain'];
    const samples = await interleave({ variants, rounds: quick ? 2 : 7 }, async (variant, round) => {
      progress(`${variant}, ${round}`);
      const { cpuSeconds } = await runMeasurement(measurement, { variant, items }, signal);
      // It waits for nothing, so on an idle machine this is the rate by the clock, and on a busy one still the same.
      return items / cpuSeconds;
    });
    const unit = 'items/s of CPU';
    const better = 'higher';
    const limits = { 'a Map, first in first out': samples.plain };
    return [
      figure({ name: 'add, take, done by 10 workers', unit, better, samples: samples.throughput, limits }),
      figure({
        name: 'adds of keys that are queued already (9 of 10)',
        unit: 'adds/s of CPU',
        better,
        samples: samples.burst,
      }),
      figure({ name: 'add with a delay, come due, take, done', unit, better, samples: samples.delayed, limits }),
    ];
  },
};
