import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Task, TaskResult } from './tasks.ts';

/** Has tasks done by so many processes at a time; `done` is called for each as it ends. */
export async function performAll(
  tasks: readonly Task[],
  processes: number,
  done: (task: Task, result: TaskResult) => void,
): Promise<void> {
  const waiting = [...tasks];
  const work = async (): Promise<void> => {
    if (waiting.length === 0) return;
    const child = fork(fileURLToPath(new URL('./worker.ts', import.meta.url)));
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) {
      child.send(task);
      const [answer] = await Promise.race([
        once(child, 'message'),
        once(child, 'exit').then(([code]) => {
          throw new Error(`a process of the simulation ended with code ${String(code)}`);
        }),
      ]);
      // What the worker sends.
      done(task, answer as TaskResult);
    }
    child.disconnect();
  };
  await Promise.all(Array.from({ length: processes }, work));
}
