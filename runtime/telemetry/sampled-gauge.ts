import { Gauge, type Registry } from 'prom-client';

/** One series of a gauge: a value under labels. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A gauge that is read at every scrape, from what the program knows at that moment. */
export interface SampledGauge {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** All series there are now; one that is not among them any more is gone from the scrape. */
  readonly samples: () => readonly Sample[] | Promise<readonly Sample[]>;
}

/** Shows a gauge at every scrape of the registry. Throws when the registry has a metric of that name. */
export function registerSampledGauge(registry: Registry, { name, help, labelNames, samples }: SampledGauge): void {
  const gauge: Gauge = new Gauge({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    async collect() {
      const read = await samples();
      gauge.reset();
      for (const { labels, value } of read) gauge.set({ ...labels }, value);
    },
  });
}
