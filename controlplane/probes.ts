import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type { Container, Probe } from './pod.ts';

/** A component whose probes a user can change. */
export type ProbedComponent = 'apiServer' | 'controllerManager' | 'scheduler';

/** Where a component answers probes. */
export interface ProbeTarget {
  readonly port: number;
  readonly liveness: string;
  readonly readiness: string;
  readonly startup: string;
}

/** The three probes of a component over HTTPS; for each number the component's own wins over the general one, that over ours. */
export function probesOf(
  { spec }: TenantControlPlane,
  component: ProbedComponent,
  target: ProbeTarget,
): Required<Pick<Container, 'livenessProbe' | 'readinessProbe' | 'startupProbe'>> {
  const general = spec.controlPlane.deployment?.probes;
  const own = general?.[component];
  const probe = (kind: 'liveness' | 'readiness' | 'startup'): Probe => {
    const { initialDelaySeconds = 0, ...numbers } = { ...general?.[kind], ...own?.[kind] };
    return {
      httpGet: { path: target[kind], port: target.port, scheme: 'HTTPS' },
      ...DEFAULTS[kind],
      ...numbers,
      // The API server does not store a 0: said outright, it would look like something that is still to be applied.
      ...(initialDelaySeconds > 0 && { initialDelaySeconds }),
    };
  };
  return { livenessProbe: probe('liveness'), readinessProbe: probe('readiness'), startupProbe: probe('startup') };
}

/** Probes survive a node whose processors are all taken: an answer may take this long, in seconds. */
export const PROBE_TIMEOUT_SECONDS = 15;

const patient = { timeoutSeconds: PROBE_TIMEOUT_SECONDS, successThreshold: 1 };

/** Numbers of a probe that tells whether a process must be restarted: more than a minute of silence (kubeadm's numbers). */
export const LIVENESS = { ...patient, periodSeconds: 10, failureThreshold: 8 };

const DEFAULTS = {
  liveness: LIVENESS,
  readiness: { ...patient, periodSeconds: 5, failureThreshold: 3 },
  // Looks every second so that a start is seen at once, and waits five minutes, for many may start on one node together.
  startup: { ...patient, periodSeconds: 1, failureThreshold: 300 },
};
