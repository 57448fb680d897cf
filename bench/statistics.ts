/** A set of samples in five numbers. */
export interface Summary {
  readonly n: number;
  readonly min: number;
  readonly median: number;
  readonly p95: number;
  readonly max: number;
}

/** Throws a RangeError for no samples at all, and for one that is no finite number. */
export function summarize(samples: readonly number[]): Summary {
  if (samples.length === 0) throw new RangeError('no samples');
  const wrong = samples.find((sample) => !Number.isFinite(sample));
  if (wrong !== undefined) throw new RangeError(`a sample is ${wrong}`);
  const sorted = samples.toSorted((a, b) => a - b);
  const [first = 0] = sorted;
  return {
    n: sorted.length,
    min: first,
    median: median(sorted),
    p95: sorted[Math.ceil(sorted.length * 0.95) - 1] ?? first,
    max: sorted.at(-1) ?? first,
  };
}

/** Which way a figure is better. */
export type Better = 'higher' | 'lower';

/**
 * How many times better `samples` are than `others`, round by round, so that a machine that was slow for a while was slow
 * for both: 2 is twice the rate or half the time, below 1 is worse. Undefined where a zero makes a ratio meaningless.
 */
export function timesBetter(
  better: Better,
  samples: readonly number[],
  others: readonly number[],
): Summary | undefined {
  const ratios = samples.slice(0, others.length).map((sample, round) => {
    const other = others[round] ?? 0;
    return better === 'higher' ? sample / other : other / sample;
  });
  return ratios.length > 0 && ratios.every((ratio) => Number.isFinite(ratio) && ratio > 0)
    ? summarize(ratios)
    : undefined;
}

function median(sorted: readonly number[]): number {
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? 0;
  const lower = sorted[Math.ceil(middle) - 1] ?? 0;
  return (lower + upper) / 2;
}
