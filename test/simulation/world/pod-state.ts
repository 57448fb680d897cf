import type { Pod } from '#runtime/client/builtin.ts';

/** Whether a pod takes requests. */
export function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status: state }) => type === 'Ready' && state === 'True') === true;
}

/** The value of a flag in a container's arguments. */
export function valueOf(args: readonly string[] | undefined, flag: string): string {
  return args?.find((one) => one.startsWith(`${flag}=`))?.slice(flag.length + 1) ?? '';
}
