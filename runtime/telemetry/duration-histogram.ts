import { Histogram, type Registry } from 'prom-client';
import { reconcileBuckets } from './controller-metrics.ts';

/** Registers a histogram of durations by one label, in the buckets of reconcile times; answers the function that observes. */
export function registerDurations(
  registry: Registry,
  { name, help, labelName }: { readonly name: string; readonly help: string; readonly labelName: string },
): (label: string, seconds: number) => void {
  const histogram = new Histogram({
    name,
    help,
    labelNames: [labelName],
    buckets: reconcileBuckets,
    registers: [registry],
  });
  return (label, seconds) => histogram.observe({ [labelName]: label }, seconds);
}
