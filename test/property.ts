/**
 * How hard to try a property of fast-check: `runs` times, or as often as the environment variable PROPERTY_RUNS says.
 * A failure prints its seed and path; PROPERTY_SEED tries that seed again.
 */
export function propertyRuns(runs: number): { readonly numRuns: number; readonly seed?: number } {
  const { PROPERTY_RUNS: wanted, PROPERTY_SEED: seed } = process.env;
  return {
    numRuns: wanted === undefined ? runs : Number(wanted),
    ...(seed === undefined ? {} : { seed: Number(seed) }),
  };
}
