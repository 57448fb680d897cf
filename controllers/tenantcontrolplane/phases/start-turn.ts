import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type { Deployment } from '#runtime/client/builtin.ts';
import { keyOf } from '#runtime/client/resource.ts';
import type { Step } from '../finding.ts';
import type { StartTurns } from '../start-turns.ts';
import { TURN_RECHECK_MS } from '../start-turns.ts';

/** `true` when the pods of a control plane may be there: one that has never served waits for its turn. */
export function takeTurn(
  tenantControlPlane: TenantControlPlane,
  deployment: Deployment | undefined,
  startTurns: StartTurns | undefined,
): Step<true, 'ControlPlaneReady'> {
  const { metadata, spec, status } = tenantControlPlane;
  const hasServed = status?.kubernetesResources?.version?.version !== undefined;
  const uid = metadata.uid ?? '';
  if (startTurns === undefined || hasServed) return { value: true };
  if (spec.controlPlane.deployment?.replicas === 0) {
    startTurns.leave(uid);
    return { value: true };
  }
  if (deployment !== undefined) {
    startTurns.resume(uid);
    return { value: true };
  }
  if (startTurns.mayStart(uid, keyOf(tenantControlPlane))) return { value: true };
  const message = 'other control planes are starting: this one follows when they serve';
  return {
    finding: { type: 'ControlPlaneReady', status: 'False', reason: 'WaitingForTurn', message },
    requeueAfterMs: TURN_RECHECK_MS,
  };
}
