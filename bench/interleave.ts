export interface InterleaveOptions<Variant> {
  readonly variants: readonly Variant[];
  readonly rounds: number;
  /** Rounds before the counted ones, which warm the file cache and the servers. Default 1. */
  readonly warmUp?: number;
}

/** The samples of each variant, in the order of the rounds. */
export type Samples<Variant extends string, Sample> = Readonly<Record<Variant, readonly Sample[]>>;

/** Runs the variants in turn, A B C A B C ..., so that a change of the machine's speed meets all of them. */
export async function interleave<Variant extends string, Sample>(
  { variants, rounds, warmUp = 1 }: InterleaveOptions<Variant>,
  run: (variant: Variant, round: string) => Promise<Sample>,
): Promise<Samples<Variant, Sample>> {
  const samples = Object.fromEntries(variants.map((variant) => [variant, [] as Sample[]])) as Record<Variant, Sample[]>;
  for (let round = 1 - warmUp; round <= rounds; round++) {
    for (const variant of variants) {
      const sample = await run(variant, round < 1 ? 'warm-up' : `${round} of ${rounds}`);
      if (round >= 1) samples[variant].push(sample);
    }
  }
  return samples;
}
