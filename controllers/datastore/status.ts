import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import type { DataStoreReason } from '#api/kamaji/v1alpha1/data-store-conditions.ts';
import { annotations } from '#api/labels.ts';
import { findCondition, setConditions } from '#runtime/client/conditions.ts';
import type { MergePatch } from '#runtime/client/merge-patch.ts';
import type { StatusOf } from '#runtime/client/status-patch.ts';
import type { Clock } from '#runtime/clock.ts';
import { authenticated, isolated, mismatch, notAsked, reachable } from './answers.ts';
import { capacityOf, isFull } from './capacity.ts';
import type { Finding } from './finding.ts';
import { type Gathered, tenantKey } from './gather.ts';
import type { StoreAnswer } from './phases/probe.ts';
import type { UsageStatus } from './phases/usage.ts';

/** What the phases of a pass found out. */
export interface Outcome {
  readonly answer: StoreAnswer;
  readonly managed: Finding<'ManagedReady'> | undefined;
  readonly usage?: UsageStatus | undefined;
}

/** The whole status of a DataStore after a pass. Pure. */
export function dataStoreStatus(
  { dataStore, tenants }: Gathered,
  { answer, managed, usage }: Outcome,
  clock: Pick<Clock, 'now'>,
): MergePatch<StatusOf<DataStore>> {
  const parts: readonly Finding[] = [
    validation(answer),
    ...(managed === undefined ? [] : [managed]),
    reachable(answer),
    authenticated(answer),
    isolated(dataStore, answer),
    capacity(answer, dataStore),
    mismatch(dataStore, tenants, answer),
  ];
  const ready = readiness(parts, answer);
  const usedBy = tenants.map(tenantKey);
  const findings = [...parts, ready, allowedDeletion(usedBy), ...unpaused(dataStore)];
  const identity = answer.kind === 'answer' && answer.probe.authorizationEnabled ? answer.probe.identity : undefined;
  return {
    ...observed(dataStore),
    ready: ready.status === 'True',
    usedBy,
    ...(identity === undefined ? {} : { identity }),
    ...(usage === undefined ? {} : { usage }),
    conditions: conditionsOf(dataStore, findings, clock),
  };
}

/** The status of a DataStore that is left alone: everything but that stays as it is. */
export function pausedStatus(dataStore: DataStore, clock: Pick<Clock, 'now'>): MergePatch<StatusOf<DataStore>> {
  const message = `the annotation ${annotations.paused} is set: nothing is watched and nothing is changed until it is removed`;
  const paused: Finding<'Paused'> = { type: 'Paused', status: 'True', reason: 'Paused', message };
  return { ...observed(dataStore), conditions: conditionsOf(dataStore, [paused], clock) };
}

function observed({ metadata }: DataStore): { observedGeneration?: number } {
  return metadata.generation === undefined ? {} : { observedGeneration: metadata.generation };
}

function conditionsOf({ metadata, status }: DataStore, findings: readonly Finding[], clock: Pick<Clock, 'now'>) {
  const { generation: observedGeneration } = metadata;
  const states = findings.map((finding) => ({ ...finding, observedGeneration }));
  return setConditions(status?.conditions, states, clock);
}

function validation(answer: StoreAnswer): Finding<'kamaji.clastix.io/DataStoreValidation'> {
  const type = 'kamaji.clastix.io/DataStoreValidation';
  if (answer.kind !== 'invalid') {
    return {
      type,
      status: 'True',
      reason: 'DataStoreValid',
      message: 'the spec is complete and its Secrets are there',
    };
  }
  return { type, status: 'False', reason: answer.error.code, message: answer.error.message };
}

function readiness(parts: readonly Finding[], answer: StoreAnswer): Finding<'Ready'> {
  const type = 'Ready';
  const no = (reason: DataStoreReason<'Ready'>, message: string): Finding<'Ready'> => ({
    type,
    status: 'False',
    reason,
    message,
  });
  const failing = parts.find((part) => part.type in readyReasons && part.status !== 'True');
  if (failing !== undefined) return no(readyReasons[failing.type] ?? 'Invalid', failing.message);
  const other = parts.find((part) => part.type === 'DataStoreMismatch' && part.status === 'True');
  if (other !== undefined) return no('DataStoreMismatch', other.message);
  if (answer.kind === 'answer' && isFull(answer.probe)) {
    return no('StoreFull', parts.find((part) => part.type === 'CapacityAvailable')?.message ?? '');
  }
  return { type, status: 'True', reason: 'Ready', message: 'tenants can be put on it' };
}

const readyReasons: Readonly<Partial<Record<Finding['type'], DataStoreReason<'Ready'>>>> = {
  'kamaji.clastix.io/DataStoreValidation': 'Invalid',
  ManagedReady: 'ManagedNotReady',
  Reachable: 'NotReachable',
  Authenticated: 'NotAuthenticated',
};

function capacity(answer: StoreAnswer, { status }: DataStore): Finding<'CapacityAvailable'> {
  const type = 'CapacityAvailable';
  if (answer.kind !== 'answer') return { type, status: 'Unknown', reason: 'Waiting', message: notAsked(answer) };
  return capacityOf(answer.probe, findCondition(status?.conditions, type)?.reason);
}

function allowedDeletion(usedBy: readonly string[]): Finding<'kamaji.clastix.io/DataStoreAllowedDeletion'> {
  const type = 'kamaji.clastix.io/DataStoreAllowedDeletion';
  if (usedBy.length === 0) return { type, status: 'True', reason: 'DataStoreUnused', message: 'no tenant uses it' };
  const some = usedBy.slice(0, 5).join(', ');
  const more = usedBy.length > 5 ? ` and ${usedBy.length - 5} more` : '';
  return {
    type,
    status: 'False',
    reason: 'DataStoreInUse',
    message: `in use by ${some}${more}: delete or move them first`,
  };
}

function unpaused({ status }: DataStore): readonly Finding<'Paused'>[] {
  if (findCondition(status?.conditions, 'Paused') === undefined) return [];
  return [{ type: 'Paused', status: 'False', reason: 'NotPaused', message: 'it is watched' }];
}
