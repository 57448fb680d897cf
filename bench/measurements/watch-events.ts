import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Secret } from '@kubernetes/client-node';
import { createCache } from '#runtime/cache/cache.ts';
import { secrets } from '#runtime/client/builtin.ts';
import { systemClock } from '#runtime/clock.ts';
import { defineMeasurement } from '../measurement.ts';
import { type Access, openTransport, silence, stockConfig } from './access.ts';
import { type Effort, startEffort } from './effort.ts';

export interface WatchEventsInput {
  /** `ours` and `stock`: an informer with a handler. `parse`: the limit, the same stream read and parsed, nothing kept. */
  readonly variant: 'ours' | 'stock' | 'parse';
  readonly access: Access;
  readonly events: number;
}

const path = '/api/v1/secrets';

/** Effort of taking in the events of one watch, but for the first tenth, in which the compiler warms up. */
export const measurement = defineMeasurement(import.meta.url, (input: WatchEventsInput): Promise<Effort> => {
  const { promise, resolve, reject } = Promise.withResolvers<Effort>();
  const warmUp = Math.floor(input.events / 10);
  let seen = 0;
  let stop = startEffort();
  const heard = (): void => {
    seen += 1;
    if (seen === warmUp) stop = startEffort();
    if (seen === input.events) resolve(stop());
  };
  variants[input.variant](input.access, heard).catch(reject);
  return Promise.race([promise, deadline(() => `${seen} of ${input.events} events came`)]);
});

const variants: Readonly<Record<WatchEventsInput['variant'], (access: Access, heard: () => void) => Promise<void>>> = {
  async ours(access, heard) {
    const transport = openTransport(access, 4);
    const cache = createCache({ transport, clock: systemClock, random: Math.random, log: silence() });
    cache.informer(secrets).subscribe((event) => {
      if (event.type === 'updated') heard();
    });
    await cache.start(new AbortController().signal);
  },

  async stock(access, heard) {
    const { CoreV1Api, makeInformer } = await import('@kubernetes/client-node');
    const config = await stockConfig(access);
    const api = config.makeApiClient(CoreV1Api);
    const informer = makeInformer<V1Secret>(config, path, () => api.listSecretForAllNamespaces());
    informer.on('update', heard);
    await informer.start();
  },

  async parse(access, heard) {
    const stream = await openTransport(access, 4).stream({ method: 'GET', path: `${path}?watch=true` });
    let rest = '';
    for await (const chunk of stream.setEncoding('utf8')) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        JSON.parse(line);
        heard();
      }
    }
  },
};

async function deadline(what: () => string): Promise<never> {
  await sleep(120_000);
  throw new Error(`gave up: ${what()}`);
}
