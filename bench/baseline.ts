import { readFile, writeFile } from 'node:fs/promises';
import type { Figure } from './figure.ts';
import type { Outcome } from './outcome.ts';
import { timesBetter } from './statistics.ts';

/** The last accepted outcome of each suite. */
export type Baseline = Readonly<Record<string, Outcome>>;

const path = new URL('baseline.json', import.meta.url);

/** The accepted outcomes; none when nothing was accepted yet. */
export async function readBaseline(): Promise<Baseline> {
  try {
    // Written by `acceptBaseline` only.
    return JSON.parse(await readFile(path, 'utf8')) as Baseline;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
}

/** Makes these outcomes the accepted ones of their suites; those of other suites stay. Answers all that are accepted now. */
export async function acceptBaseline(outcomes: readonly Outcome[]): Promise<Baseline> {
  const all = { ...(await readBaseline()), ...Object.fromEntries(outcomes.map((one) => [one.suite, one])) };
  const sorted = Object.fromEntries(Object.entries(all).toSorted(([a], [b]) => a.localeCompare(b)));
  await writeFile(path, `${JSON.stringify(sorted, undefined, 2)}\n`);
  return sorted;
}

/** A figure beside its accepted value. */
export interface Change {
  readonly figure: Figure;
  /** Undefined for a figure that is new. */
  readonly accepted: Figure | undefined;
  /** How many times better the median is than the accepted one, above 1 or below. */
  readonly timesBetter: number | undefined;
  /** `better` and `worse` only where the two ranges do not overlap: less is noise. */
  readonly verdict: 'better' | 'worse' | 'same' | 'new';
  /**
   * The same for the lead over each rival and the distance to each limit, by its name. It tells more than the plain
   * ratio, since both were measured on the same machine at the same time, then as now.
   */
  readonly leads: readonly { readonly name: string; readonly timesBetter: number }[];
}

/** Every figure of an outcome against the accepted one of the same name and unit. */
export function compare(outcome: Outcome, accepted: Outcome | undefined): readonly Change[] {
  return outcome.figures.map((figure) => {
    const before = accepted?.figures.find(({ name, unit }) => name === figure.name && unit === figure.unit);
    return before === undefined
      ? { figure, accepted: before, timesBetter: undefined, verdict: 'new', leads: [] }
      : changeOf(figure, before);
  });
}

function changeOf(figure: Figure, before: Figure): Change {
  const [now, then] = [figure.value, before.value];
  const isHigher = now.min > then.max;
  const isLower = now.max < then.min;
  const isBetter = figure.better === 'higher' ? isHigher : isLower;
  return {
    figure,
    accepted: before,
    timesBetter: timesBetter(figure.better, [now.median], [then.median])?.median,
    verdict: isHigher || isLower ? (isBetter ? 'better' : 'worse') : 'same',
    leads: figure.against.flatMap(({ kind, name, timesBetter: lead }) => {
      const other = before.against.find((one) => one.kind === kind && one.name === name)?.timesBetter;
      return lead === null || other === undefined || other === null
        ? []
        : [{ name, timesBetter: lead.median / other.median }];
    }),
  };
}
