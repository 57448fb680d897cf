/**
 * The life of a simulated process. What comes to it (answers, timers, events of watches) comes through here: a dead process
 * gets nothing any more, so that its promises never settle; a stopped one gets it when it goes on.
 */
export class Lifeline {
  #state: 'running' | 'stopped' | 'dead' = 'running';
  #waiting: (() => void)[] = [];
  readonly #onDeath: (() => void)[] = [];

  get isDead(): boolean {
    return this.#state === 'dead';
  }

  /** Something arrives. */
  deliver(what: () => void): void {
    if (this.#state === 'running') what();
    else if (this.#state === 'stopped') this.#waiting.push(what);
  }

  /** A promise that settles as the given one does, as far as the process lives to see it. */
  through<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      promise.then(
        (value) => this.deliver(() => resolve(value)),
        (error: unknown) => this.deliver(() => reject(error instanceof Error ? error : new Error(String(error)))),
      );
    });
  }

  /** As SIGSTOP, or a machine that hangs. */
  stop(): void {
    if (this.#state === 'running') this.#state = 'stopped';
  }

  /** As SIGCONT. */
  goOn(): void {
    if (this.#state !== 'stopped') return;
    this.#state = 'running';
    for (const what of this.#waiting.splice(0)) this.deliver(what);
  }

  /** As SIGKILL. */
  kill(): void {
    if (this.#state === 'dead') return;
    this.#state = 'dead';
    this.#waiting = [];
    for (const cleanUp of this.#onDeath.splice(0)) cleanUp();
  }

  /** What the kernel does for a process that is gone: close its sockets. */
  onDeath(cleanUp: () => void): void {
    if (this.#state === 'dead') cleanUp();
    else this.#onDeath.push(cleanUp);
  }
}
