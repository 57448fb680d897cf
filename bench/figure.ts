import { type Better, type Summary, summarize, timesBetter } from './statistics.ts';

/** What a figure is held against, measured in the same run. */
export interface Comparison {
  /** `rival`: other code for the same purpose. `limit`: what could not be beaten, or the budget. */
  readonly kind: 'rival' | 'limit';
  readonly name: string;
  readonly value: Summary;
  /** How many times better the figure is, round by round; null where one of the two is zero. */
  readonly timesBetter: Summary | null;
}

/** One measured property. */
export interface Figure {
  /** Says what was measured, with its size; the same in every run, as the baseline finds it by that. */
  readonly name: string;
  readonly unit: string;
  readonly better: Better;
  readonly value: Summary;
  readonly against: readonly Comparison[];
  /** What must be known to read it rightly. */
  readonly note?: string;
}

export interface FigureOptions extends Pick<Figure, 'name' | 'unit' | 'better'> {
  readonly samples: readonly number[];
  /** By name; the samples in the same rounds as the figure's own. */
  readonly rivals?: Readonly<Record<string, readonly number[]>>;
  readonly limits?: Readonly<Record<string, readonly number[]>>;
  readonly note?: string | undefined;
}

/** A figure from the samples of all rounds, its own and those of what it is held against. */
export function figure({ samples, rivals = {}, limits = {}, note, ...rest }: FigureOptions): Figure {
  const compare =
    (kind: Comparison['kind']) =>
    ([name, others]: readonly [string, readonly number[]]): Comparison => ({
      kind,
      name,
      value: summarize(others),
      timesBetter: timesBetter(rest.better, samples, others) ?? null,
    });
  return {
    ...rest,
    value: summarize(samples),
    against: [...Object.entries(rivals).map(compare('rival')), ...Object.entries(limits).map(compare('limit'))],
    ...(note === undefined ? {} : { note }),
  };
}

/** A limit that is a fixed number, as often as there are samples. */
export function budget(value: number, samples: readonly unknown[]): readonly number[] {
  return samples.map(() => value);
}

/** A figure of a single sample, better the less it is; held against a budget if there is one. */
export function single(name: string, unit: string, value: number, limit?: number, note?: string): Figure {
  const samples = [value];
  const limits = limit === undefined ? {} : { budget: budget(limit, samples) };
  return figure({ name, unit, better: 'lower', samples, limits, note });
}
