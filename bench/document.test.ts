import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { readBaseline } from './baseline.ts';
import { withFigures } from './document.ts';
import { single } from './figure.ts';
import { growthFigures } from './growth.ts';
import type { Outcome } from './outcome.ts';

const performance = await readFile(new URL('../docs/performance.md', import.meta.url), 'utf8');

function outcome(suite: string, figures: Outcome['figures']): Outcome {
  const machine = { cpu: 'some', cores: 2, memoryGiB: 8, loadBefore: 0, loadAfter: 0 };
  return {
    suite,
    description: 'what it is',
    quick: false,
    date: '2026-01-01T00:00:00Z',
    versions: {},
    machine,
    figures,
  };
}

test('docs/performance.md shows the accepted figures', async () => {
  assert.equal(performance, withFigures(performance, await readBaseline()));
});

test('the picture of what grows stands above the table of its suite, and nowhere else', () => {
  const costs = [100, 1_000].map((size) => single(`${size} tenants: CPU`, 's', size));
  const text = withFigures(performance, {
    queue: outcome('queue', [single('items', 'items/s', 1)]),
    thousand: outcome('thousand', [...costs, ...growthFigures(costs, ['CPU'])]),
  });
  assert.equal(text.split('.svg)').length, 2);
  assert.match(text, /### thousand: what it is\n\n[^\n]*\n\n!\[[^\]]+\]\(growth-thousand\.svg\)\n\n\| figure/u);
});

test('every picture that docs/performance.md shows is there', async () => {
  for (const [, name = ''] of performance.matchAll(/!\[[^\]]*\]\(([^)]+)\)/gu)) {
    assert.match(await readFile(new URL(`../docs/${name}`, import.meta.url), 'utf8'), /^<svg /u);
  }
});
