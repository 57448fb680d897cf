import { Listr, PRESET_TIMER } from 'listr2';
import type { StepOptions } from './progress.ts';

/** One finished stage, for the timeline. */
export interface StageTime {
  readonly title: string;
  readonly seconds: number;
}

/**
 * Runs one titled stage and shows it live: what it reports, whether it ended well, how long it took. On something that is
 * no terminal every report is a line.
 */
export type Stage = <T>(title: string, work: (options: StepOptions) => Promise<T>) => Promise<T>;

export interface Stages {
  readonly stage: Stage;
  /** Those that ended well, in order. */
  readonly timeline: readonly StageTime[];
}

export function createStages(signal: AbortSignal): Stages {
  const timeline: StageTime[] = [];
  const stage: Stage = async (title, work) => {
    const result: unknown[] = [];
    const started = performance.now();
    const list = new Listr(
      [
        {
          title,
          task: async (_context, task) => {
            let last = '';
            const report = (text: string) => {
              if (text !== last) task.output = text;
              last = text;
            };
            result.push(await work({ signal, report }));
          },
        },
      ],
      {
        renderer: 'default',
        fallbackRenderer: 'simple',
        rendererOptions: { timer: PRESET_TIMER, collapseErrors: false },
        fallbackRendererOptions: { timer: PRESET_TIMER },
        registerSignalListeners: false,
      },
    );
    await list.run();
    timeline.push({ title, seconds: (performance.now() - started) / 1_000 });
    return result[0] as Awaited<ReturnType<typeof work>>;
  };
  return { stage, timeline };
}
