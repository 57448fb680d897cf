import { execa } from 'execa';

/**
 * Runs the docker command line; answers its standard output without the last line end.
 *
 * @throws ExecaError with docker's own words in `stderr`
 */
export type Docker = (args: readonly string[], input?: string) => Promise<string>;

export function createDocker(signal: AbortSignal): Docker {
  // Engines as old as Debian's have no buildx; every engine still has the builder inside.
  const env = { DOCKER_BUILDKIT: '0' };
  return async (args, input) => {
    const stdin = input === undefined ? ({ stdin: 'ignore' } as const) : { input };
    const { stdout } = await execa('docker', args, { env, cancelSignal: signal, ...stdin });
    return stdout;
  };
}
