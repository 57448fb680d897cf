import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare } from './baseline.ts';
import { type FigureOptions, figure } from './figure.ts';
import type { Outcome } from './outcome.ts';

const rate = { name: 'items through the queue', unit: 'items/s', better: 'higher' } as const;
const seconds = { name: 'initial sync', unit: 's', better: 'lower' } as const;

function outcome(...figures: readonly FigureOptions[]): Outcome {
  return {
    suite: 'queue',
    description: '',
    quick: false,
    date: '2026-01-01T00:00:00Z',
    versions: {},
    machine: { cpu: '', cores: 2, memoryGiB: 8, loadBefore: 0, loadAfter: 0 },
    figures: figures.map((one) => figure(one)),
  };
}

test('a rate that has risen and a time that has fallen are better, above one', () => {
  const [throughput, sync] = compare(
    outcome({ ...rate, samples: [200, 220] }, { ...seconds, samples: [1, 1.1] }),
    outcome({ ...rate, samples: [100, 110] }, { ...seconds, samples: [2, 2.2] }),
  );
  assert.deepEqual([throughput?.timesBetter, throughput?.verdict], [2, 'better']);
  assert.deepEqual([sync?.timesBetter, sync?.verdict], [2, 'better']);
});

test('a rate that has fallen and a time that has risen are worse, below one', () => {
  const [throughput, sync] = compare(
    outcome({ ...rate, samples: [50] }, { ...seconds, samples: [4] }),
    outcome({ ...rate, samples: [100] }, { ...seconds, samples: [2] }),
  );
  assert.deepEqual([throughput?.timesBetter, throughput?.verdict], [0.5, 'worse']);
  assert.deepEqual([sync?.timesBetter, sync?.verdict], [0.5, 'worse']);
});

test('ranges that overlap are the same, whatever their medians say', () => {
  const [change] = compare(
    outcome({ ...rate, samples: [80, 90, 130] }),
    outcome({ ...rate, samples: [100, 120, 125] }),
  );
  assert.deepEqual([change?.timesBetter, change?.verdict], [0.75, 'same']);
});

test('on a machine half as fast the lead over a rival stays', () => {
  const [change] = compare(
    outcome({ ...rate, samples: [50], rivals: { stock: [10] } }),
    outcome({ ...rate, samples: [100], rivals: { stock: [20] } }),
  );
  assert.deepEqual([change?.timesBetter, change?.leads], [0.5, [{ name: 'stock', timesBetter: 1 }]]);
});

test('a figure that was never accepted is new, and so is one whose unit has changed', () => {
  const before = outcome({ ...rate, samples: [1] });
  assert.equal(compare(outcome({ ...seconds, samples: [1] }), before)[0]?.verdict, 'new');
  assert.equal(compare(outcome({ ...rate, unit: 'items/min', samples: [1] }), before)[0]?.verdict, 'new');
  assert.equal(compare(outcome({ ...rate, samples: [1] }), undefined)[0]?.verdict, 'new');
});

test('a rival that is new, or whose ratio means nothing, has no lead to compare', () => {
  const before = outcome({ ...rate, samples: [100], rivals: { dead: [0] } });
  const [change] = compare(outcome({ ...rate, samples: [100], rivals: { dead: [0], other: [50] } }), before);
  assert.deepEqual(change?.leads, []);
});
