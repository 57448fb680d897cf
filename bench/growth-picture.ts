import { fromTenants, type Series } from './growth.ts';
import { short } from './report.ts';

/**
 * An SVG of what grows with the number of tenants: a panel for each cost, both axes logarithmic, so that a straight line is a power. Beside
 * the curve stand its budget and what linear growth would be. It brings its own background, so that it can
 * be read on a light and on a dark page.
 */
export function growthPicture(series: readonly Series[]): string {
  const rows = Math.ceil(series.length / columns);
  const [width, height] = [columns * panel.width, rows * panel.height + legendHeight];
  const described = `Growth of ${series.map(({ cost }) => cost).join('; ')}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(described)}" ` +
      'font-family="sans-serif" font-size="11">',
    `<rect width="${width}" height="${height}" fill="${colours.background}"/>`,
    legend(),
    ...series.map((one, index) => {
      const x = (index % columns) * panel.width;
      const y = Math.floor(index / columns) * panel.height + legendHeight;
      return `<g transform="translate(${x} ${y})">\n${panelOf(one, index)}\n</g>`;
    }),
    '</svg>\n',
  ].join('\n');
}

const columns = 2;
const legendHeight = 30;
const panel = { width: 380, height: 220, left: 60, right: 50, top: 30, bottom: 34 };
const colours = {
  background: '#ffffff',
  text: '#1f2328',
  grid: '#d8dee4',
  curve: '#0550ae',
  budget: '#cf222e',
  linear: '#6e7781',
};

function panelOf(series: Series, index: number): string {
  const { points, cost, unit } = series;
  const tenants = points.map((point) => point.tenants);
  const shown = points.filter(({ value }) => value > 0);
  const values = [
    ...shown.map(({ value }) => value),
    ...points.flatMap(({ budget = 0 }) => (budget > 0 ? [budget] : [])),
  ];
  const x = scale([Math.min(...tenants), Math.max(...tenants)], [panel.left, panel.width - panel.right]);
  const y = scale([Math.min(...values) / 1.6, Math.max(...values) * 1.6], [panel.height - panel.bottom, panel.top]);
  const line = (of: readonly Series['points'][number][], value: (point: Series['points'][number]) => number): string =>
    of.map((point) => `${round(x(point.tenants))},${round(y(value(point)))}`).join(' ');
  const guided = shown.filter((point) => point.tenants >= fromTenants);
  const linear = linearFrom(series, guided[0]);
  const limited = points.filter(({ budget = 0 }) => budget > 0);
  const clip = `panel-${index}`;
  return [
    `<clipPath id="${clip}"><rect x="${panel.left}" y="${panel.top}" width="${panel.width - panel.left - panel.right}" ` +
      `height="${panel.height - panel.top - panel.bottom}"/></clipPath>`,
    text(panel.left, 18, `${cost} (${unit})`, 'font-weight="bold"'),
    ...ticks(Math.min(...values) / 1.6, Math.max(...values) * 1.6).flatMap((tick) => [
      stroke(`M${panel.left} ${round(y(tick))}H${panel.width - panel.right}`, colours.grid),
      text(panel.left - 6, y(tick) + 4, short(tick), 'text-anchor="end"'),
    ]),
    ...points.flatMap(({ tenants: size }) => [
      stroke(`M${round(x(size))} ${panel.top}V${panel.height - panel.bottom}`, colours.grid),
      text(x(size), panel.height - panel.bottom + 15, short(size), 'text-anchor="middle"'),
    ]),
    text((panel.left + panel.width - panel.right) / 2, panel.height - 5, 'tenants', 'text-anchor="middle"'),
    polyline(line(guided, linear), colours.linear, `stroke-dasharray="2 4" clip-path="url(#${clip})"`),
    ...(limited.length === 0
      ? []
      : [
          polyline(
            line(limited, ({ budget = 0 }) => budget),
            colours.budget,
            'stroke-dasharray="7 4"',
          ),
        ]),
    ...limited
      .slice(-1)
      .map(({ tenants: size, budget = 0 }) =>
        text(x(size) + 6, y(budget) + 4, short(budget), `style="fill:${colours.budget}"`),
      ),
    polyline(
      line(shown, ({ value }) => value),
      colours.curve,
      'stroke-width="2"',
    ),
    ...shown.map(({ tenants: size, value }) => {
      const label = `<title>${short(size)} tenants: ${short(value)} ${escape(unit)}</title>`;
      return `<circle cx="${round(x(size))}" cy="${round(y(value))}" r="3.5" fill="${colours.curve}">${label}</circle>`;
    }),
    ...shown
      .slice(-1)
      .map(({ tenants: size, value }) =>
        text(x(size) + 6, y(value) + 4, short(value), `style="fill:${colours.curve}" font-weight="bold"`),
      ),
  ].join('\n');
}

/** What each point would be if every tenant cost what those of the first point did. */
function linearFrom(
  { isPerTenant }: Series,
  first: Series['points'][number] | undefined,
): (point: Series['points'][number]) => number {
  const { tenants, value } = first ?? { tenants: 1, value: 1 };
  return (point) => (isPerTenant ? value : (value * point.tenants) / tenants);
}

function legend(): string {
  const entries = [
    ['measured', colours.curve, 'stroke-width="2"'],
    ['budget', colours.budget, 'stroke-dasharray="7 4"'],
    [`linear from ${fromTenants} tenants on`, colours.linear, 'stroke-dasharray="2 4"'],
  ] as const;
  return entries
    .map(([name, colour, style], index) => {
      const at = panel.left + index * 110;
      return `${polyline(`${at},16 ${at + 26},16`, colour, style)}\n${text(at + 32, 20, name)}`;
    })
    .join('\n');
}

/** A logarithmic scale. */
function scale(
  [from, to]: readonly [number, number],
  [start, end]: readonly [number, number],
): (value: number) => number {
  const span = Math.log(to / from);
  return (value) => (span === 0 ? (start + end) / 2 : start + (Math.log(value / from) / span) * (end - start));
}

/** One, two and five times the powers of ten between two values; the powers alone where that would be many. */
function ticks(from: number, to: number): readonly number[] {
  const powers = Array.from(
    { length: Math.ceil(Math.log10(to)) - Math.floor(Math.log10(from)) + 1 },
    (_, n) => 10 ** (n + Math.floor(Math.log10(from))),
  );
  const between = (tick: number): boolean => tick >= from && tick <= to;
  const all = powers.flatMap((power) => [power, 2 * power, 5 * power]).filter(between);
  return all.length <= 8 ? all : powers.filter(between);
}

function polyline(points: string, colour: string, style: string): string {
  return `<polyline points="${points}" fill="none" stroke="${colour}" ${style}/>`;
}

function stroke(path: string, colour: string): string {
  return `<path d="${path}" stroke="${colour}"/>`;
}

function text(x: number, y: number, content: string, style = ''): string {
  return `<text x="${round(x)}" y="${round(y)}" fill="${colours.text}" ${style}>${escape(content)}</text>`;
}

function escape(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

function round(value: number): string {
  return value.toFixed(1);
}
