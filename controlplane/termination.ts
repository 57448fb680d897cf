import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { userValue } from './args.ts';

/** Flag of kube-apiserver: how long it goes on serving after it was told to stop and has turned unready. */
export const SHUTDOWN_DELAY_FLAG = '--shutdown-delay-duration';

/**
 * Long enough for every node to take the pod out of the Service, also under load: on two processors that thirty processes wanted,
 * kube-proxy was seen to take 18 s, and for the last 8 of them connections were refused.
 */
export const DEFAULT_SHUTDOWN_DELAY = '20s';

/** How a pod ends without anybody losing a request. All in seconds. */
export interface Termination {
  /** What the API server lives on (its store, its tunnel) is told to stop only then. */
  readonly sidecarDelay: number;
  /** Before which nothing is killed. */
  readonly gracePeriod: number;
}

/**
 * On termination the API server turns unready at once, serves as before for the shutdown delay, then finishes what is under way
 * (at most its request timeout, 60 s) and exits. Its sidecars must outlive that, the pod all of it.
 */
export function terminationOf({ spec }: TenantControlPlane): Termination {
  const user = userValue(spec.controlPlane.deployment?.extraArgs?.apiServer, SHUTDOWN_DELAY_FLAG);
  const delay = Math.ceil(seconds(user ?? DEFAULT_SHUTDOWN_DELAY) ?? 0);
  return { sidecarDelay: delay + DRAIN_SECONDS, gracePeriod: delay + REQUEST_TIMEOUT_SECONDS + MARGIN_SECONDS };
}

const DRAIN_SECONDS = 5;
const REQUEST_TIMEOUT_SECONDS = 60;
const MARGIN_SECONDS = 15;

const UNITS: Readonly<Record<string, number>> = { ns: 1e-9, us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };

/** Seconds of a duration such as `1m30s` (Go: time.ParseDuration); undefined for anything else. */
function seconds(duration: string): number | undefined {
  const parts = [...duration.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/gu)];
  if (parts.map(([part]) => part).join('') !== duration) return duration === '0' ? 0 : undefined;
  return parts.reduce((sum, [, amount = '0', unit = 's']) => sum + Number(amount) * (UNITS[unit] ?? 0), 0);
}
