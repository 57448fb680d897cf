import { readFileSync, writeFileSync } from 'node:fs';

/** What a stretch of work took of the clock and of the processor. */
export interface Effort {
  readonly seconds: number;
  /** User and system time of the whole process, all threads. */
  readonly cpuSeconds: number;
}

/** Starts to measure; the returned function ends that. */
export function startEffort(): () => Effort {
  const cpu = process.cpuUsage();
  const started = performance.now();
  return () => {
    const seconds = (performance.now() - started) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    return { seconds, cpuSeconds: (user + system) / 1e6 };
  };
}

/** What the process holds on the heap once everything unreachable is gone, in bytes. Needs `--expose-gc`. */
export function heapInUse(): number {
  if (globalThis.gc === undefined) throw new TypeError('run with --expose-gc');
  // The second collection takes what finalizers of the first one let go.
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

/** Forgets the peak of the resident memory (Linux: proc_pid_clear_refs(5)) and answers what is resident now, in MiB. */
export function restartPeakMemory(): number {
  writeFileSync('/proc/self/clear_refs', '5');
  return peakMemory();
}

/** The peak of the resident memory since `restartPeakMemory`, in MiB. */
export function peakMemory(): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  if (kilobytes === undefined) throw new TypeError('the kernel does not tell the peak of the resident memory');
  return Number(kilobytes) / 1024;
}
