import type { KubeconfigGenerator } from '#api/kamaji/v1alpha1/kubeconfig-generator.ts';
import { annotations } from '#api/labels.ts';
import { findCondition, setConditions } from '#runtime/client/conditions.ts';
import type { MergePatch } from '#runtime/client/merge-patch.ts';
import { keyOf, keyString } from '#runtime/client/resource.ts';
import type { StatusOf } from '#runtime/client/status-patch.ts';
import type { Clock } from '#runtime/clock.ts';
import type { Failure, Finding, Problem } from './finding.ts';

/** What a pass came to. */
export interface PassResult {
  /** Matching tenants. */
  readonly resources: number;
  readonly failures: readonly Failure[];
}

type Status = MergePatch<StatusOf<KubeconfigGenerator>>;

/** The whole status of a generator after a pass. Pure. */
export function statusOf(
  generator: KubeconfigGenerator,
  { resources, failures }: PassResult,
  clock: Pick<Clock, 'now'>,
): Status {
  const sorted = failures
    .map(({ tenant, problem }) => ({ resource: keyString(keyOf(tenant)), ...problem }))
    .toSorted((one, other) => (one.resource < other.resource ? -1 : 1));
  const errors = sorted.map(({ resource, message }) => ({ resource, message }));
  return {
    ...observed(generator),
    resources,
    availableResources: resources - failures.length,
    errors: errors.length === 0 ? null : errors,
    conditions: conditionsOf(generator, [readiness(resources, sorted), ...unpaused(generator)], clock),
  };
}

/** The status of a generator whose spec means nothing: of what it made before, nothing has changed. Pure. */
export function problemStatus(generator: KubeconfigGenerator, problem: Problem, clock: Pick<Clock, 'now'>): Status {
  const { reason, message } = problem;
  const ready: Finding<'Ready'> = { type: 'Ready', status: 'False', reason, message };
  return { ...observed(generator), conditions: conditionsOf(generator, [ready, ...unpaused(generator)], clock) };
}

/** The status of a generator that is left alone: everything but that stays as it is. Pure. */
export function pausedStatus(generator: KubeconfigGenerator, clock: Pick<Clock, 'now'>): Status {
  const message = `the annotation ${annotations.paused} is set: no kubeconfig is made, renewed or removed until it is gone`;
  const paused: Finding<'Paused'> = { type: 'Paused', status: 'True', reason: 'Paused', message };
  return { ...observed(generator), conditions: conditionsOf(generator, [paused], clock) };
}

function observed({ metadata }: KubeconfigGenerator): { observedGeneration?: number } {
  return metadata.generation === undefined ? {} : { observedGeneration: metadata.generation };
}

function conditionsOf(
  { metadata, status }: KubeconfigGenerator,
  findings: readonly Finding[],
  clock: Pick<Clock, 'now'>,
) {
  const { generation: observedGeneration } = metadata;
  const states = findings.map((finding) => ({ ...finding, observedGeneration }));
  return setConditions(status?.conditions, states, clock);
}

function readiness(
  resources: number,
  failures: readonly (Problem & { readonly resource: string })[],
): Finding<'Ready'> {
  const type = 'Ready';
  // A wait comes to its end by itself; what somebody has to correct is said first.
  const worst = failures.find(({ reason }) => reason !== 'Waiting') ?? failures[0];
  if (worst === undefined) {
    const message =
      resources === 0 ? 'no tenant matches the selectors' : `every matching tenant has its kubeconfig (${resources})`;
    return { type, status: 'True', reason: 'Ready', message };
  }
  const others = failures.length === 1 ? '' : '; the others are in status.errors';
  return {
    type,
    status: 'False',
    reason: worst.reason,
    message: `${failures.length} of ${resources} tenants have none that is up to date: ${worst.resource}: ${worst.message}${others}`,
  };
}

function unpaused({ status }: KubeconfigGenerator): readonly Finding<'Paused'>[] {
  if (findCondition(status?.conditions, 'Paused') === undefined) return [];
  return [{ type: 'Paused', status: 'False', reason: 'NotPaused', message: 'it is reconciled' }];
}
