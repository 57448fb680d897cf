import type { Settings } from '#controllers/index.ts';
import { FakeClock } from '#runtime/clock.fake.ts';
import { keysInStock } from './keys.ts';
import type { LogLine } from './process/log.ts';
import { ManagerProcess } from './process/manager-process.ts';
import type { RequestInfo } from './process/request-info.ts';
import type { Call, Fate } from './process/wire.ts';
import { quiesce } from './quiesce.ts';
import { randomOf } from './random.ts';
import { describeTrouble } from './trouble.ts';
import { World } from './world/world.ts';

/** A call, by which process it is made, and how many like it this process has made before. */
export interface NumberedCall extends Call {
  readonly process: number;
  readonly occurrence: number;
  /** Which state of the world it was made in: the same number until somebody changes something. */
  readonly state: number;
}

export interface SimulationOptions {
  readonly seed: number;
  readonly settings?: Partial<Settings>;
  /** What becomes of each call. Default: it is answered. */
  readonly decide?: (call: NumberedCall) => Fate;
}

/** Nothing is written for this long in a system that has come to rest: twice as long as it takes to see all of a tenant. */
export const REST_MS = 125_000;
const PATIENCE_MS = 30 * 60_000;
const RESTART_MS = 1_000;

const DEFAULTS: Settings = {
  managedDataStore: true,
  konnectivityDefault: true,
  kineImage: 'kine',
  maxConcurrentTenantControlPlanes: 10,
  maxConcurrentKamajiControlPlanes: 10,
  renewBeforeMs: 30 * 24 * 3_600_000,
  bootstrapTokenTtlMs: 2 * 3_600_000,
  bootstrapTokenMinimumMs: 3_600_000,
  skipInfraClusterPatch: false,
};

/** The simulation found out something that must not be. */
export class SimulationError extends Error {
  override readonly name = 'SimulationError';
}

/** Managers in a world, on a clock that moves when nothing more happens by itself. */
export class Simulation {
  readonly clock = new FakeClock();
  readonly world: World;
  readonly processes: ManagerProcess[] = [];
  readonly transcript: NumberedCall[] = [];
  readonly requests: { readonly info: RequestInfo; readonly status: number }[] = [];
  readonly log: (LogLine & { readonly process: number })[] = [];
  readonly #options: SimulationOptions;
  readonly #occurrences = new Map<string, number>();
  readonly #generateKeyPair = keysInStock();
  #lastActivity = 0;
  #wanted = 0;
  #restarts = 0;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.world = new World(this.clock, randomOf(options.seed, 'world'));
  }

  /** Processes that run, the leader among them. */
  get alive(): readonly ManagerProcess[] {
    return this.processes.filter(({ hasEnded }) => !hasEnded);
  }

  /** Lets so many managers run; one that ends is started anew, as a Deployment does. */
  run(managers: number): void {
    this.#wanted = managers;
    while (this.alive.length < managers) this.#start();
  }

  /** Kills every manager; none is started until `run`. */
  kill(): void {
    this.#wanted = 0;
    for (const process of this.alive) process.lifeline.kill();
  }

  /** Ends every manager in order and says what it left behind. */
  async terminate(): Promise<void> {
    this.#wanted = 0;
    const ending = this.alive;
    for (const process of ending) process.terminate();
    await this.until('the managers have ended', () => ending.every(({ hasEnded }) => hasEnded));
    for (const { failure, clock, wire, number } of ending) {
      if (failure !== undefined)
        throw new SimulationError(`manager ${number} failed while it ended`, { cause: failure });
      if (clock.armed > 0) throw new SimulationError(`manager ${number} has ended and left ${clock.armed} timers`);
      if (wire.openStreams > 0)
        throw new SimulationError(`manager ${number} has ended and left ${wire.openStreams} watches`);
    }
  }

  /** Lets time pass until something holds. */
  async until(what: string, holds: () => boolean | Promise<boolean>, patienceMs = PATIENCE_MS): Promise<void> {
    const deadline = this.clock.monotonic() + patienceMs;
    await this.#calm();
    while (!(await holds())) {
      if (this.clock.monotonic() > deadline) {
        throw new SimulationError(`not in ${patienceMs / 1000} s: ${what}\n${await describeTrouble(this)}`);
      }
      await this.#proceed();
    }
  }

  /** Lets time pass until the system is at rest: nothing changes, nobody writes, nothing has failed, for two minutes. */
  async settle(): Promise<void> {
    await this.until('the system is at rest', () => this.#isAtRest());
  }

  /** So much time goes by while no manager runs. */
  skip(ms: number): void {
    const managers = this.#wanted;
    this.kill();
    this.clock.jumpWallClock(ms);
    this.#lastActivity = this.clock.monotonic();
    this.run(managers);
  }

  async pass(ms: number): Promise<void> {
    const end = this.clock.monotonic() + ms;
    await this.until('time has passed', () => this.clock.monotonic() >= end, ms + 60_000);
  }

  #isAtRest(): boolean {
    if (this.clock.monotonic() - this.#lastActivity < REST_MS) return false;
    if (this.alive.length < this.#wanted) return false;
    return this.alive.every(({ passes }) => passes.failing.size === 0 && passes.running.size === 0);
  }

  async #proceed(): Promise<void> {
    const [next] = this.clock.pending();
    if (next === undefined) throw new SimulationError('nothing will ever happen again');
    await this.clock.advance(next);
    await this.#calm();
  }

  async #calm(): Promise<void> {
    await quiesce();
    if (this.world.notice()) this.#lastActivity = this.clock.monotonic();
    if (this.world.failure !== undefined) {
      throw new SimulationError('the world itself failed', { cause: this.world.failure });
    }
    const mistake = this.processes.flatMap(({ passes }) => passes.mistakes)[0];
    if (mistake !== undefined)
      throw new SimulationError(`a pass made a mistake: ${mistake.message}`, { cause: mistake });
    while (this.alive.length + this.#restarts < this.#wanted) {
      this.#restarts += 1;
      this.clock.setTimeout(() => {
        this.#restarts -= 1;
        if (this.alive.length < this.#wanted) this.#start();
      }, RESTART_MS);
    }
  }

  #start(): void {
    const number = this.processes.length + 1;
    const { seed, settings } = this.#options;
    this.processes.push(
      new ManagerProcess({
        number,
        surroundings: this.world,
        settings: { ...DEFAULTS, ...settings },
        generateKeyPair: this.#generateKeyPair,
        random: randomOf(seed, `process ${number}`),
        decide: (call) => this.#decide(number, call),
        requested: (info, status) => this.requests.push({ info, status }),
        logged: (line) => this.log.push({ ...line, process: number }),
      }),
    );
  }

  #decide(process: number, call: Call): Fate {
    const id = `${process} ${call.line} ${call.key}`;
    const occurrence = this.#occurrences.get(id) ?? 0;
    this.#occurrences.set(id, occurrence + 1);
    const numbered = { ...call, process, occurrence, state: this.world.state };
    this.transcript.push(numbered);
    if (call.writes && call.line !== 'lease' && call.line !== 'events') {
      this.#lastActivity = this.clock.monotonic();
    }
    return this.#options.decide?.(numbered) ?? { kind: 'answered' };
  }
}
