/** Watches over what this process holds on to. */
export interface LeakWatch {
  /**
   * Resolves once nothing is held that was not held at the start: no timer, socket, server or child process. Rejects with
   * their kinds when a timer is still held after 0.1 s or anything else after 5 s, when a promise was rejected and nobody
   * took notice, or when Node warned of listeners that add up.
   */
  nothingLeft(): Promise<void>;
}

/** Notes what is held now. What is `unref`ed does not count: it keeps no process alive. */
export function watchForLeaks(): LeakWatch {
  const before = process.getActiveResourcesInfo();
  const wrong: string[] = [];
  const onRejection = (reason: unknown): void => {
    wrong.push(`unhandled rejection: ${reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)}`);
  };
  const onWarning = (warning: Error): void => {
    if (warning.name === 'MaxListenersExceededWarning') wrong.push(warning.message);
  };
  process.on('unhandledRejection', onRejection);
  process.on('warning', onWarning);
  return {
    async nothingLeft() {
      const started = performance.now();
      let left = added(before);
      // A socket may take its time to close, but one that waits for its time to come is not being cancelled.
      while (left.length > 0 && performance.now() - started < (left.includes('Timeout') ? 100 : 5_000)) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        left = added(before);
      }
      process.off('unhandledRejection', onRejection);
      process.off('warning', onWarning);
      if (left.length > 0) wrong.push(`still held: ${left.toSorted().join(', ')}`);
      if (wrong.length > 0) throw new Error(wrong.join('\n'));
    },
  };
}

/** The kinds of what is held now beyond that. */
function added(before: readonly string[]): readonly string[] {
  const rest = [...before];
  return process.getActiveResourcesInfo().filter((kind) => {
    const known = rest.indexOf(kind);
    if (known === -1) return true;
    rest.splice(known, 1);
    return false;
  });
}
