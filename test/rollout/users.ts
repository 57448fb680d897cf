import { loadKubeConfig } from '#runtime/client/kubeconfig.ts';
import { type EventTally, type NumberedEvents, startNumberedEvents } from './numbered-events.ts';
import { type Failure, type Prober, type ProbeTally, startProber } from './prober.ts';
import type { Kind } from './requester.ts';

/** What the users of a control plane have noticed since the last look. */
export interface Noticed {
  readonly probes: Readonly<Record<Kind, ProbeTally>>;
  readonly events: EventTally;
  /** In words, each request that failed and each event that was lost; empty when nobody noticed anything. */
  readonly losses: readonly string[];
}

/** Users of a control plane: some ask steadily, one writes, one watches. */
export interface Users extends AsyncDisposable {
  take(): Promise<Noticed>;
}

const kinds: readonly Kind[] = ['kept alive', 'HTTP/2', 'new each time'];

/** Sets users to work on the control plane of a kubeconfig: so many requests per second of each kind, and a watch. */
export async function startUsers(kubeconfig: string, perSecond: number, signal: AbortSignal): Promise<Users> {
  const clock = { monotonic: () => performance.now() };
  const { transport } = await loadKubeConfig({ path: kubeconfig, clock });
  const events: NumberedEvents = await startNumberedEvents(transport, signal);
  const probers: readonly Prober[] = kinds.map((kind) => startProber(kind, transport, perSecond, signal));
  return {
    async take() {
      const tally = await events.take();
      const probes = Object.fromEntries(probers.map((prober) => [prober.kind, prober.take()])) as Noticed['probes'];
      return { probes, events: tally, losses: lossesOf(probes, tally) };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([events, ...probers].map((one) => one[Symbol.asyncDispose]()));
    },
  };
}

function lossesOf(probes: Noticed['probes'], { lost, failures }: EventTally): readonly string[] {
  const failed = kinds.flatMap((kind) => probes[kind].failures.map((failure) => `${kind}: ${describe(failure)}`));
  return [...failed, ...lost.map((number) => `event ${number} lost`), ...failures];
}

function describe({ at, text }: Failure): string {
  return `${at.toISOString()} ${text}`;
}
