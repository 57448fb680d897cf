import type { Line } from '../process/wire.ts';
import type { Fate } from '../process/wire.ts';
import { pick, randomOf } from '../random.ts';
import type { Opponent } from '../run.ts';
import type { NumberedCall, Simulation } from '../simulation.ts';
import { failure, outage } from './failures.ts';
import { meddle } from './people.ts';

export interface AdversaryOptions {
  readonly seed: number;
  /** Whether objects that are changed or deleted come back: not while a scenario pauses control planes. */
  readonly maySpoil: boolean;
  /** Takes what it does apart from single calls, for people. */
  readonly deeds: string[];
}

/** How much goes wrong with single calls in one run. */
interface Temper {
  readonly fails: number;
  readonly slow: number;
  readonly crashes: number;
  /** Mean time between the larger things, in milliseconds. */
  readonly everyMs: number;
}

const OUTAGES: readonly [readonly Line[], ...(readonly Line[])[]] = [
  ['work', 'admission', 'cache', 'lease', 'events'],
  ['tenant'],
  ['datastore'],
  ['lease'],
];

/**
 * Makes trouble of every kind by the numbers of its seed: calls that fail before or after they had their effect, or are slow;
 * processes that crash or hang; outages; watches that are cut off or forgotten; people who meddle.
 */
export class Adversary implements Opponent {
  readonly #options: AdversaryOptions;
  readonly #random: () => number;
  readonly #temper: Temper;
  #isActive = true;
  #simulation: Simulation | undefined;
  #cancelEnd = (): void => {};
  #outages: { readonly lines: readonly Line[]; readonly until: number }[] = [];

  constructor(options: AdversaryOptions) {
    this.#options = options;
    this.#random = randomOf(options.seed, 'adversary');
    const random = this.#random;
    this.#temper = {
      fails: pick(random, [0, 0.01, 0.05, 0.15]),
      slow: pick(random, [0, 0.02, 0.1]),
      crashes: pick(random, [0, 0, 0.002, 0.01]),
      everyMs: pick(random, [3_000, 10_000, 30_000]),
    };
  }

  decide = (call: NumberedCall): Fate => {
    if (!this.#isActive) return { kind: 'answered' };
    const now = this.#simulation?.clock.monotonic() ?? 0;
    if (this.#outages.some(({ lines, until }) => lines.includes(call.line) && now < until)) return outage(call);
    const random = this.#random;
    const { fails, slow, crashes } = this.#temper;
    const dice = random();
    const when = random() < 0.5 ? 'before' : 'after';
    if (dice < crashes) return { kind: 'crash', when };
    if (dice < crashes + fails) return failure(call, random);
    if (dice < crashes + fails + slow) return { kind: 'slow', when, ms: 20 * 2 ** (12 * random()) };
    return { kind: 'answered' };
  };

  /** Begins with the larger things. */
  against(simulation: Simulation): this {
    this.#simulation = simulation;
    this.#later(simulation);
    this.goOn();
    return this;
  }

  pause(): void {
    this.#cancelEnd();
    this.#isActive = false;
    this.#outages = [];
    for (const { lifeline } of this.#simulation?.processes ?? []) lifeline.goOn();
  }

  /** For a while: whoever is disturbed without end gets nowhere. */
  goOn(): void {
    this.#isActive = true;
    const ms = 5_000 * 2 ** (6 * this.#random());
    this.#cancelEnd = this.#simulation?.clock.setTimeout(() => this.pause(), ms) ?? this.#cancelEnd;
  }

  #later(simulation: Simulation): void {
    const ms = -Math.log(1 - this.#random()) * this.#temper.everyMs;
    simulation.clock.setTimeout(() => {
      if (this.#isActive) void this.#act(simulation);
      this.#later(simulation);
    }, ms);
  }

  async #act(simulation: Simulation): Promise<void> {
    const random = this.#random;
    const deed = pick<() => string | Promise<string>>(random, [
      () => this.#kill(simulation),
      () => this.#hang(simulation),
      () => this.#breakOff(simulation),
      () => this.#cutWatches(simulation),
      () => this.#forget(simulation),
      async () => (this.#options.maySpoil ? meddle(simulation.world, random) : 'nothing'),
      async () => (this.#options.maySpoil ? meddle(simulation.world, random) : 'nothing'),
    ]);
    const at = (simulation.clock.monotonic() / 1000).toFixed(1);
    this.#options.deeds.push(`${at} s: ${await deed()}`);
  }

  #kill(simulation: Simulation): string {
    const { alive } = simulation;
    const victim = alive[Math.floor(this.#random() * alive.length)];
    victim?.lifeline.kill();
    return `kill manager ${victim?.number ?? ''}`;
  }

  #hang(simulation: Simulation): string {
    const { alive } = simulation;
    const victim = alive[Math.floor(this.#random() * alive.length)];
    const ms = 1_000 + 40_000 * this.#random();
    victim?.lifeline.stop();
    simulation.clock.setTimeout(() => victim?.lifeline.goOn(), ms);
    return `manager ${victim?.number ?? ''} hangs for ${Math.round(ms)} ms`;
  }

  #breakOff(simulation: Simulation): string {
    const lines = pick(this.#random, OUTAGES);
    const ms = 500 * 2 ** (8 * this.#random());
    this.#outages.push({ lines, until: simulation.clock.monotonic() + ms });
    return `no ${lines.join(', ')} for ${Math.round(ms)} ms`;
  }

  #cutWatches(simulation: Simulation): string {
    for (const { wire } of simulation.alive) wire.cutStreams();
    return 'cut all watches';
  }

  #forget(simulation: Simulation): string {
    simulation.world.management.server.compact();
    for (const { wire } of simulation.alive) wire.cutStreams();
    return 'forget history';
  }
}
