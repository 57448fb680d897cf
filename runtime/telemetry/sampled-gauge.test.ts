import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { registerDurations } from './duration-histogram.ts';
import { type Sample, registerSampledGauge } from './sampled-gauge.ts';

test('a sampled gauge shows what there is at the moment of the scrape, and nothing that was there before', async () => {
  const registry = new Registry();
  let samples: readonly Sample[] = [{ labels: { name: 'a' }, value: 1 }];
  registerSampledGauge(registry, {
    name: 'things',
    help: 'Things',
    labelNames: ['name'],
    samples: () => Promise.resolve(samples),
  });
  const scrape = async (): Promise<string[]> =>
    (await registry.metrics()).split('\n').filter((line) => line.startsWith('things'));
  assert.deepEqual(await scrape(), ['things{name="a"} 1']);
  samples = [{ labels: { name: 'b' }, value: 2 }];
  assert.deepEqual(await scrape(), ['things{name="b"} 2']);
  samples = [];
  assert.deepEqual(await scrape(), []);
});

test('durations are counted by their label', async () => {
  const registry = new Registry();
  const took = registerDurations(registry, { name: 'work_seconds', help: 'Work', labelName: 'part' });
  took('first', 0.02);
  took('first', 2);
  const text = await registry.metrics();
  assert.match(text, /work_seconds_count\{part="first"\} 2/u);
  assert.match(text, /work_seconds_bucket\{le="0.025",part="first"\} 1/u);
});
