/** What a process has used and holds. */
export interface ProcessUsage {
  /** User and system time of all its threads since it began; the kernel counts hundredths. */
  readonly cpuSeconds: number;
  /** The same of the children that have ended. */
  readonly endedChildrenCpuSeconds: number;
  readonly residentMiB: number;
  /** The peak of its resident memory since it began, or since `clear_refs` was written (proc_pid_clear_refs(5)). */
  readonly peakMiB: number;
}

/** Reads it from `/proc/<pid>/stat` and, behind it, `/proc/<pid>/status` (Linux: proc_pid_stat(5), proc_pid_status(5)). */
export function parseProcessUsage(statAndStatus: string): ProcessUsage {
  const [stat = '', ...status] = statAndStatus.split('\n');
  // Behind the name, which may hold anything but ends at the last bracket: field 3, the state, and so on.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const mebibytes = (field: string): number => {
    const line = status.find((one) => one.startsWith(`${field}:`)) ?? '';
    return Number(/(\d+) kB$/.exec(line)?.[1]) / 1_024;
  };
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100,
    endedChildrenCpuSeconds: (Number(fields[13]) + Number(fields[14])) / 100,
    residentMiB: mebibytes('VmRSS'),
    peakMiB: mebibytes('VmHWM'),
  };
}
