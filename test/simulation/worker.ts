import type { Task } from './tasks.ts';
import { perform } from './tasks.ts';

// A process that does one task after the other for `workers.ts`.
process.on('message', (task: Task) => {
  void perform(task).then((result) => process.send?.(result));
});
