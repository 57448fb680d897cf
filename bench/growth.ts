import { type Figure, single } from './figure.ts';

/** One cost at several numbers of tenants. */
export interface Series {
  /** As the figures call it, without the number of tenants. */
  readonly cost: string;
  readonly unit: string;
  /** Whether the cost is that of one tenant: then it is linear when it stays the same. */
  readonly isPerTenant: boolean;
  /** In order of the number of tenants. */
  readonly points: readonly { readonly tenants: number; readonly value: number; readonly budget?: number }[];
}

/** Those figures of a suite that are named `N tenants: COST` or `M to N tenants: COST`, if there are several of a cost. */
export function seriesOf(figures: readonly Figure[]): readonly Series[] {
  const byCost = Map.groupBy(figures, ({ name }) => sizeAndCost.exec(name)?.groups?.['cost'] ?? '');
  byCost.delete('');
  return [...byCost].flatMap(([cost, [first, ...others]]) =>
    first === undefined || others.length === 0
      ? []
      : [
          {
            cost,
            unit: first.unit,
            isPerTenant: /\b(?:per tenant|each)$/u.test(cost),
            points: [first, ...others].map(pointOf).toSorted((a, b) => a.tenants - b.tenants),
          },
        ],
  );
}

const sizeAndCost = /^(?:(?<one>\d+) to )?(?<other>\d+) tenants: (?<cost>.+)$/u;

function pointOf({ name, value, against }: Figure): Series['points'][number] {
  const { one = '0', other = '0' } = sizeAndCost.exec(name)?.groups ?? {};
  const limit = against.find(({ kind }) => kind === 'limit')?.value.median;
  return {
    // On the way up and on the way down: the larger one.
    tenants: Math.max(Number(one), Number(other)),
    value: value.median,
    ...(limit !== undefined && { budget: limit }),
  };
}

/**
 * With which power of the number of tenants a cost grows, all tenants together: 1 is linear, below that each further tenant costs
 * less. Least squares over the logarithms from {@link fromTenants} on, since below that a cost is what it costs without any tenant.
 * Undefined where that says nothing: fewer than two sizes, or a cost of zero.
 */
export function growthExponent({ points, isPerTenant }: Series): number | undefined {
  const used = points.filter(({ tenants }) => tenants >= fromTenants);
  if (used.length < 2 || used.some(({ value }) => value <= 0)) return undefined;
  const logs = used.map(({ tenants, value }) => [Math.log(tenants), Math.log(value)] as const);
  const [meanX, meanY] = [mean(logs.map(([x]) => x)), mean(logs.map(([, y]) => y))];
  const slope =
    logs.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) /
    logs.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return isPerTenant ? slope + 1 : slope;
}

/** From so many tenants on it is looked at how a cost grows. */
export const fromTenants = 100;

/** One figure for each cost that must not grow faster than the number of tenants. */
export function growthFigures(figures: readonly Figure[], costs: readonly string[]): readonly Figure[] {
  return seriesOf(figures)
    .filter(({ cost }) => costs.includes(cost))
    .flatMap((series) => {
      const exponent = growthExponent(series);
      if (exponent === undefined) return [];
      return [single(`${exponentOf}${series.cost}`, 'power', exponent, 1.1, note)];
    });
}

/** Those series of a suite for which it tells how they grow. */
export function growingSeries(figures: readonly Figure[]): readonly Series[] {
  const names = new Set(figures.map(({ name }) => name));
  return seriesOf(figures).filter(({ cost }) => names.has(`${exponentOf}${cost}`));
}

const exponentOf = 'growth exponent of: ';

const note = `with which power of the number of tenants it grows from ${fromTenants} on, all together; 1 is linear`;

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
