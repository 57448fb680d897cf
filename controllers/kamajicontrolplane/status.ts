import type { KamajiControlPlane, KamajiControlPlaneStatus } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type { Pod } from '#runtime/client/builtin.ts';
import { findCondition, isConditionTrue, setConditions } from '#runtime/client/conditions.ts';
import type { Clock } from '#runtime/clock.ts';
import type { Finding } from './finding.ts';
import { countersOf, isAsleep, tenantFindings } from './tenant-findings.ts';
import { versionsOf } from './versions.ts';

/** All that a pass found out. */
export interface PassResult {
  /** Of the phases that ran; conditions of the others stay as they are. */
  readonly findings: readonly Finding[];
  /** The present one, if it is ours. */
  readonly tenantControlPlane: TenantControlPlane | undefined;
  readonly pods: readonly Pod[];
}

/** Without these nobody can use the control plane; the first that fails is named. */
const READY_CONDITIONS = [
  'TenantControlPlaneCreated',
  'DataStoreReady',
  'EndpointReady',
  'CertificatesAvailable',
  'BootstrapConfigReady',
] as const;

/** The whole status after a pass. Pure but for the clock that dates what changed. */
export function statusOf(
  controlPlane: KamajiControlPlane,
  result: PassResult,
  clock: Pick<Clock, 'now'>,
): KamajiControlPlaneStatus {
  const before = controlPlane.status ?? {};
  const { tenantControlPlane, pods } = result;
  const mirrored = tenantFindings(controlPlane, tenantControlPlane);
  const deleting = result.findings.find((finding) => finding.type === 'Deleting');
  const initialized = before.initialization?.controlPlaneInitialized === true || isInitialized(result);
  const ready = deleting === undefined ? readiness(controlPlane, result, mirrored) : deletion(deleting);
  const findings: readonly Finding[] = [
    ...mirrored,
    ...result.findings,
    { type: 'Ready', ...ready },
    { type: 'KamajiControlPlaneIsReady', ...ready },
    initialized
      ? { type: 'Initialized', status: 'True', reason: 'Initialized', message: 'the API server has answered' }
      : { type: 'Initialized', status: 'False', reason: 'NotInitialized', message: ready.message },
    deleting ?? {
      type: 'Deleting',
      status: 'False',
      reason: 'NotDeleting',
      message: 'the control plane is not being deleted',
    },
    { type: 'Paused', status: 'False', reason: 'NotPaused', message: 'the control plane is reconciled' },
  ];
  const observedGeneration = observedGenerationOf(controlPlane, result);
  const versions = versionsOf(pods, before.versions);
  const selector = tenantControlPlane?.status?.kubernetesResources?.deployment?.selector;
  return {
    ...before,
    observedGeneration,
    ...(initialized ? { initialization: { controlPlaneInitialized: true } } : {}),
    externalManagedControlPlane: true,
    ready: findings.some(({ type, status }) => type === 'Available' && status === 'True'),
    ...(versions === undefined ? {} : { versions, version: versions[0]?.version ?? '' }),
    ...(selector === undefined ? {} : { selector }),
    ...countersOf(tenantControlPlane),
    conditions: setConditions(
      before.conditions,
      findings.map((finding) => ({ ...finding, observedGeneration })),
      clock,
    ),
  };
}

/** The status of an object that is left alone: as it was, but for what says so. */
export function pausedStatus(
  controlPlane: KamajiControlPlane,
  message: string,
  clock: Pick<Clock, 'now'>,
): KamajiControlPlaneStatus {
  const before = controlPlane.status ?? {};
  const observedGeneration = controlPlane.metadata.generation ?? 0;
  const paused = { type: 'Paused', status: 'True', reason: 'Paused', message, observedGeneration } as const;
  return { ...before, conditions: setConditions(before.conditions, [paused], clock) };
}

/** The status while the cluster that the control plane runs in does not answer: what was known, and what is wrong. */
export function unreachableStatus(
  controlPlane: KamajiControlPlane,
  finding: Finding,
  clock: Pick<Clock, 'now'>,
): KamajiControlPlaneStatus {
  const before = controlPlane.status ?? {};
  const observedGeneration = controlPlane.metadata.generation ?? 0;
  const reason = finding.type === 'Deleting' ? 'Deleting' : 'NotReady';
  const ready = { status: 'False', reason, message: finding.message } as const;
  const findings: readonly Finding[] = [
    finding,
    { type: 'Ready', ...ready },
    { type: 'KamajiControlPlaneIsReady', ...ready },
    { type: 'Paused', status: 'False', reason: 'NotPaused', message: 'the control plane is reconciled' },
  ];
  const states = findings.map((one) => ({ ...one, observedGeneration }));
  return {
    ...countersOf(undefined),
    ...before,
    externalManagedControlPlane: true,
    conditions: setConditions(before.conditions, states, clock),
  };
}

/**
 * The moment from which on core hands out the endpoint and machines are made: the API server answers, and everything by
 * which others come to it is published (Cluster API contract: `initialization.controlPlaneInitialized`).
 */
function isInitialized({ findings, tenantControlPlane }: PassResult): boolean {
  const holds = (type: Finding['type']): boolean => isConditionTrue(findings, type);
  const tenantHolds = (type: string): boolean => isConditionTrue(tenantControlPlane?.status?.conditions, type);
  return (
    tenantHolds('Available') &&
    tenantHolds('BootstrapReady') &&
    holds('EndpointReady') &&
    holds('CertificatesAvailable') &&
    holds('BootstrapConfigReady')
  );
}

type Readiness = Pick<Finding<'Ready'>, 'status' | 'reason' | 'message'>;

function readiness(
  controlPlane: KamajiControlPlane,
  { findings, tenantControlPlane }: PassResult,
  mirrored: readonly Finding[],
): Readiness {
  if (isAsleep(controlPlane)) {
    return { status: 'False', reason: 'Asleep', message: 'replicas is 0: the control plane sleeps' };
  }
  const known = [...findings, ...mirrored];
  const failing = READY_CONDITIONS.map((type) => known.find((finding) => finding.type === type)).find(
    (finding) => finding !== undefined && finding.status !== 'True',
  );
  if (failing?.reason === 'InternalError')
    return { status: 'False', reason: 'InternalError', message: failing.message };
  const tenant = findCondition(tenantControlPlane?.status?.conditions, 'Ready');
  // What a phase waits for is often the tenant itself, which knows better.
  const waits = failing === undefined || failing.reason.startsWith('WaitingForControlPlane');
  if (waits && tenant?.status !== 'True') {
    const message = tenant?.message ?? failing?.message ?? 'the TenantControlPlane has no status yet';
    return { status: 'False', reason: 'NotReady', message };
  }
  if (failing !== undefined) return { status: 'False', reason: 'NotReady', message: failing.message };
  return { status: 'True', reason: 'Ready', message: 'the control plane can be used and machines can join' };
}

function deletion({ message }: Finding): Readiness {
  return { status: 'False', reason: 'Deleting', message };
}

/** A new spec counts as seen only when the TenantControlPlane's controller has seen what was made of it. */
function observedGenerationOf({ metadata, status }: KamajiControlPlane, result: PassResult): number {
  const { tenantControlPlane, findings } = result;
  const refused = findings.some(({ type, status }) => type === 'TenantControlPlaneCreated' && status !== 'True');
  const pending =
    tenantControlPlane !== undefined &&
    !refused &&
    tenantControlPlane.status?.observedGeneration !== tenantControlPlane.metadata.generation;
  return pending ? (status?.observedGeneration ?? 0) : (metadata.generation ?? 0);
}
