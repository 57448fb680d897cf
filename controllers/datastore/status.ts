import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import type { DataStoreReason } from '#api/kamaji/v1alpha1/data-store-conditions.ts';
import { annotations } from '#api/labels.ts';
import type { DataStoreError } from '#datastore/errors.ts';
import { findCondition, setConditions } from '#runtime/client/conditions.ts';
import type { MergePatch } from '#runtime/client/merge-patch.ts';
import type { StatusOf } from '#runtime/client/status-patch.ts';
import type { Clock } from '#runtime/clock.ts';
import type { Finding } from './finding.ts';
import { type Gathered, tenantKey } from './gather.ts';
import type { StoreAnswer } from './phases/probe.ts';

/** What the phases of a pass found out. */
export interface Outcome {
  readonly answer: StoreAnswer;
  readonly managed: Finding<'ManagedReady'> | undefined;
}

/** The whole status of a DataStore after a pass. Pure. */
export function dataStoreStatus(
  { dataStore, tenants }: Gathered,
  { answer, managed }: Outcome,
  clock: Pick<Clock, 'now'>,
): MergePatch<StatusOf<DataStore>> {
  const mismatch = mismatched(dataStore, tenants, answer);
  const parts: readonly Finding[] = [
    validation(answer),
    ...(managed === undefined ? [] : [managed]),
    reachable(answer),
    authenticated(answer),
  ];
  const ready = readiness(parts, mismatch);
  const usedBy = tenants.map(tenantKey);
  const findings = [...parts, ready, allowedDeletion(usedBy), ...unpaused(dataStore)];
  const identity = answer.kind === 'answer' && answer.probe.authorizationEnabled ? answer.probe.identity : undefined;
  return {
    ...observed(dataStore),
    ready: ready.status === 'True',
    usedBy,
    ...(identity === undefined ? {} : { identity }),
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

function reachable(answer: StoreAnswer): Finding<'Reachable'> {
  const type = 'Reachable';
  if (answer.kind === 'answer') {
    return { type, status: 'True', reason: 'Reachable', message: `etcd ${answer.probe.version} answers` };
  }
  if (answer.kind !== 'failure') return { type, status: 'Unknown', reason: 'Waiting', message: notAsked(answer) };
  const { error } = answer;
  const reason = unreachable[error.code];
  return reason === undefined
    ? { type, status: 'True', reason: 'Reachable', message: 'it answers' }
    : {
        type,
        status: 'False',
        reason,
        message: `${error.message}; ${remedies[reason] ?? 'see the log of the manager'}`,
      };
}

function authenticated(answer: StoreAnswer): Finding<'Authenticated'> {
  const type = 'Authenticated';
  if (answer.kind === 'answer') {
    return answer.probe.authorizationEnabled
      ? { type, status: 'True', reason: 'Authenticated', message: 'the credentials may administer it' }
      : {
          type,
          status: 'False',
          reason: 'AuthorizationDisabled',
          message:
            'authorization is off, so that tenants could read one another: turn it on (etcd: add user root with role root, then auth enable)',
        };
  }
  if (answer.kind === 'failure') {
    const { code, message } = answer.error;
    const reason = code === 'PermissionDenied' ? 'PermissionMissing' : 'CredentialsRefused';
    if (code === 'PermissionDenied' || code === 'AuthenticationFailed') {
      return {
        type,
        status: 'False',
        reason,
        message: `${message}; give the DataStore credentials of an administrator`,
      };
    }
  }
  return { type, status: 'Unknown', reason: 'Waiting', message: notAsked(answer) };
}

const unreachable: Readonly<Record<DataStoreError['code'], DataStoreReason<'Reachable'> | undefined>> = {
  ConnectionRefused: 'ConnectionRefused',
  NameResolutionFailed: 'NameNotFound',
  Timeout: 'ConnectionTimeout',
  TLSFailed: 'CertificateInvalid',
  Unavailable: 'NoQuorum',
  UnsupportedDriver: 'DriverUnsupported',
  Unknown: 'InternalError',
  QuotaExceeded: 'InternalError',
  AuthNotEnabled: 'InternalError',
  InvalidName: 'InternalError',
  NameConflict: 'InternalError',
  AuthenticationFailed: undefined,
  PermissionDenied: undefined,
};

const remedies: Readonly<Partial<Record<DataStoreReason<'Reachable'>, string>>> = {
  ConnectionRefused: 'start the store, or correct spec.endpoints',
  NameNotFound: 'correct the host in spec.endpoints, or see to cluster DNS',
  ConnectionTimeout: 'see whether the store hangs or a NetworkPolicy or firewall swallows the way to it',
  CertificateInvalid: 'see whether spec.tlsConfig and the certificate of the store fit together and are valid today',
  NoQuorum: 'bring a majority of its members back',
  DriverUnsupported: 'use a DataStore with another driver',
};

function notAsked(answer: StoreAnswer): string {
  if (answer.kind === 'waiting') return 'no member runs yet';
  return answer.kind === 'invalid' ? 'the spec is not complete' : 'the store gave no answer';
}

function readiness(parts: readonly Finding[], mismatch: string | undefined): Finding<'Ready'> {
  const failing = parts.find(({ status }) => status !== 'True');
  const type = 'Ready';
  if (failing !== undefined) {
    return { type, status: 'False', reason: readyReason(failing), message: failing.message };
  }
  if (mismatch !== undefined) return { type, status: 'False', reason: 'DataStoreMismatch', message: mismatch };
  return { type, status: 'True', reason: 'Ready', message: 'tenants can be put on it' };
}

function readyReason({ type }: Finding): DataStoreReason<'Ready'> {
  switch (type) {
    case 'ManagedReady':
      return 'ManagedNotReady';
    case 'Reachable':
      return 'NotReachable';
    case 'Authenticated':
      return 'NotAuthenticated';
    default:
      return 'Invalid';
  }
}

/** Whether tenants were created on another store than the one that answers; a sentence that says so. */
function mismatched({ metadata }: DataStore, tenants: Gathered['tenants'], answer: StoreAnswer): string | undefined {
  if (answer.kind !== 'answer') return undefined;
  const { identity } = answer.probe;
  const strangers = tenants.filter(({ status }) => {
    const recorded = status?.storage?.dataStoreName === metadata.name ? status?.storage?.identity : undefined;
    return recorded !== undefined && recorded !== '' && recorded !== identity;
  });
  const [first] = strangers;
  if (first === undefined) return undefined;
  const others = strangers.length === 1 ? '' : ` and ${strangers.length - 1} more`;
  return (
    `the store that answers is ${identity}, but ${tenantKey(first)}${others} was created on ${first.status?.storage?.identity ?? ''}: ` +
    'bring that store or its backup back behind these endpoints, or delete those tenants; nothing is created here meanwhile'
  );
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
