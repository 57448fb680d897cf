import type { StepOptions } from './progress.ts';

/** `pull`: official images and releases. `build`: everything from Go modules and Debian packages. */
export type Source = 'pull' | 'build';

const probeUrl = 'https://registry.k8s.io/v2/';
const probeTimeout = 3_000;
let chosen: Promise<Source> | undefined;

/**
 * Which source this machine can use: `KAMAJI_LAB_SOURCE` if set to `pull` or `build`, else `pull` when the Kubernetes
 * image registry answers within 3 s. Decided once per process.
 */
export function chooseSource(options: StepOptions): Promise<Source> {
  chosen ??= probe(options);
  return chosen;
}

async function probe({ signal, report }: StepOptions): Promise<Source> {
  const wanted = process.env['KAMAJI_LAB_SOURCE'];
  if (wanted === 'pull' || wanted === 'build') return wanted;
  report('looking for a source of images');
  try {
    const answer = await fetch(probeUrl, {
      method: 'HEAD',
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(probeTimeout)]),
    });
    // An interception proxy answers too, but not as a registry (OCI distribution specification, "determining support").
    return answer.status < 400 || answer.status === 401 ? 'pull' : 'build';
  } catch {
    signal.throwIfAborted();
    return 'build';
  }
}
