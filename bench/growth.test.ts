import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Figure, single } from './figure.ts';
import { growthExponent, growthFigures, seriesOf } from './growth.ts';
import { growthPicture } from './growth-picture.ts';

const sizes = [10, 100, 300, 1_000];
const before = [0, 10, 100, 300];

function totals(cost: string, of: (tenants: number) => number, budget?: number): readonly Figure[] {
  return sizes.map((size) => single(`${size} tenants: ${cost}`, 's', of(size), budget));
}

function perTenant(cost: string, of: (tenants: number) => number): readonly Figure[] {
  return sizes.map((size, step) => single(`${before[step]} to ${size} tenants: ${cost} per tenant`, 'ms', of(size)));
}

function exponent(figures: readonly Figure[]): number {
  const [series] = seriesOf(figures);
  assert.ok(series !== undefined);
  return Math.round((growthExponent(series) ?? Number.NaN) * 100) / 100;
}

test('a cost that each tenant has once more grows linearly', () => {
  assert.equal(exponent(totals('CPU', (n) => 0.02 * n)), 1);
  assert.equal(exponent(perTenant('CPU', () => 70)), 1);
});

test('a cost that each tenant has with each other grows with the square', () => {
  assert.equal(exponent(totals('CPU', (n) => n ** 2)), 2);
  assert.equal(exponent(perTenant('CPU', (n) => 3 * n)), 2);
});

test('what a cost is without tenants does not make it look worse, and at ten tenants does not count', () => {
  assert.ok(exponent(totals('memory', (n) => 100 + 0.1 * n)) < 0.5);
  assert.equal(exponent(totals('CPU', (n) => (n === 10 ? 500 : n))), 1);
});

test('on the way down a step counts for the number of tenants that it began with', () => {
  const [series] = seriesOf(
    [1_000, 300, 100].map((size, step) => single(`${size} to ${[300, 100, 0][step]} tenants: delete`, 's', size)),
  );
  assert.deepEqual(
    series?.points.map(({ tenants }) => tenants),
    [100, 300, 1_000],
  );
});

test('a reader of the table sees which cost grows faster than the number of tenants, with the budget beside it', () => {
  const figures = [...totals('CPU', (n) => n ** 1.5), ...totals('writes', () => 0), ...totals('lag', (n) => n)];
  const [growth, ...others] = growthFigures(figures, ['CPU', 'writes']);
  assert.deepEqual(others, []);
  assert.equal(growth?.name, 'growth exponent of: CPU');
  assert.equal(growth?.value.median.toFixed(2), '1.50');
  assert.equal(growth?.against[0]?.value.median, 1.1);
});

test('the picture shows each cost with its sizes, values and budget, on a background of its own', () => {
  const series = seriesOf([
    ...totals('CPU <all>', (n) => 0.02 * n, 25),
    ...perTenant('create, CPU', (n) => 70 + n / 100),
  ]);
  const svg = growthPicture(series);
  assert.match(svg, /<rect width="\d+" height="\d+" fill="#ffffff"\/>/u);
  assert.deepEqual(svg.match(/(?<=font-weight="bold">)[^<]*\((?:s|ms)\)/gu), [
    'CPU &lt;all&gt; (s)',
    'create, CPU per tenant (ms)',
  ]);
  assert.deepEqual(
    svg.match(/(?<=<title>)[^<]*/gu),
    ['10 tenants: 0.2 s', '100 tenants: 2 s', '300 tenants: 6 s', '1,000 tenants: 20 s'].concat([
      '10 tenants: 70.1 ms',
      '100 tenants: 71 ms',
      '300 tenants: 73 ms',
      '1,000 tenants: 80 ms',
    ]),
  );
  assert.match(svg, />25<\/text>/u);
  assert.doesNotMatch(svg, /NaN|Infinity|undefined/u);
});

test('in the picture a linear cost lies on its guide, one that grows faster leaves it upwards', () => {
  const heights = (figures: readonly Figure[]): { readonly guide: number; readonly curve: number } => {
    const lines = growthPicture(seriesOf(figures)).match(/(?<=<polyline points=")[^"]*/gu) ?? [];
    // After the three of the legend.
    const [guide = '', curve = ''] = lines.slice(3).map((line) => line.split(',').at(-1) ?? '');
    return { guide: Number(guide), curve: Number(curve) };
  };
  const linear = heights(totals('CPU', (n) => 0.02 * n));
  assert.equal(linear.curve, linear.guide);
  const faster = heights(totals('CPU', (n) => n ** 1.5));
  assert.ok(faster.curve < faster.guide, 'further up is a smaller y');
});

test('a cost that is zero everywhere has a panel without a curve', () => {
  assert.doesNotMatch(growthPicture(seriesOf(totals('writes', () => 0, 0))), /NaN|Infinity|<circle/u);
});
