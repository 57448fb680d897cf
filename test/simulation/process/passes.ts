import type { ObjectKey } from '#runtime/client/resource.ts';
import { keyString } from '#runtime/client/resource.ts';
import type { ControllerOptions } from '#runtime/controller/reconciler.ts';

/** What the passes of one process came to. */
export class Passes {
  readonly #failing = new Map<string, unknown>();
  readonly #running = new Set<string>();
  /** Failures that are mistakes of the program: a frozen object was changed, something undefined was read. */
  readonly mistakes: Error[] = [];
  count = 0;

  /** The controller with its passes watched. */
  watch(options: ControllerOptions): ControllerOptions {
    return {
      ...options,
      reconcile: async (key, context) => {
        const name = nameOf(options, key);
        this.count += 1;
        this.#running.add(name);
        try {
          const result = await options.reconcile(key, context);
          this.#failing.delete(name);
          return result;
        } catch (error) {
          if (!context.signal.aborted) this.#failed(name, error);
          throw error;
        } finally {
          this.#running.delete(name);
        }
      },
    };
  }

  /** Objects whose last pass failed, so that a retry is due, with what it failed by. */
  get failing(): ReadonlyMap<string, unknown> {
    return this.#failing;
  }

  get running(): ReadonlySet<string> {
    return this.#running;
  }

  #failed(name: string, error: unknown): void {
    this.#failing.set(name, error);
    if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError) {
      this.mistakes.push(error);
    }
  }
}

function nameOf({ name }: ControllerOptions, key: ObjectKey): string {
  return `${name} ${keyString(key)}`;
}
