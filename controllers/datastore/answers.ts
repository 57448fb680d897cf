import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import type { DataStoreReason } from '#api/kamaji/v1alpha1/data-store-conditions.ts';
import { ACCEPT_ISOLATION_PROBLEMS } from '#datastore/scheduling.ts';
import { DataStoreError } from '#datastore/errors.ts';
import type { Finding } from './finding.ts';
import { type Gathered, tenantKey } from './gather.ts';
import type { StoreAnswer } from './phases/probe.ts';

/** Whether the store answers. */
export function reachable(answer: StoreAnswer): Finding<'Reachable'> {
  const type = 'Reachable';
  if (answer.kind === 'answer') {
    return { type, status: 'True', reason: 'Reachable', message: `version ${answer.probe.version} answers` };
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

/** Whether it lets this system in with the rights that it needs. */
export function authenticated(answer: StoreAnswer): Finding<'Authenticated'> {
  const type = 'Authenticated';
  const no = (reason: DataStoreReason<'Authenticated'>, message: string) =>
    ({ type, status: 'False', reason, message }) as const;
  if (answer.kind === 'answer') {
    const { authorizationEnabled, missingRights } = answer.probe;
    if (!authorizationEnabled) return no('AuthorizationDisabled', authorizationOff);
    if (missingRights.length > 0) {
      return no(
        'PermissionMissing',
        `its administrator lacks ${missingRights.join(', ')}: grant that, or give other credentials`,
      );
    }
    return { type, status: 'True', reason: 'Authenticated', message: 'the credentials may administer it' };
  }
  if (answer.kind === 'failure') {
    const { code, message } = answer.error;
    const reason = code === 'PermissionDenied' ? 'PermissionMissing' : 'CredentialsRefused';
    if (code === 'PermissionDenied' || code === 'AuthenticationFailed') {
      return no(reason, `${message}; give the DataStore credentials of an administrator`);
    }
  }
  return { type, status: 'Unknown', reason: 'Waiting', message: notAsked(answer) };
}

const authorizationOff =
  'authorization is off, so that tenants could read one another: turn it on (etcd: add user root with role root, then auth enable)';

const unreachable: Readonly<Record<DataStoreError['code'], DataStoreReason<'Reachable'> | undefined>> = {
  ConnectionRefused: 'ConnectionRefused',
  NameResolutionFailed: 'NameNotFound',
  Timeout: 'ConnectionTimeout',
  TLSFailed: 'CertificateInvalid',
  Unavailable: 'NoQuorum',
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
};

/** Why a store was not asked, or gave no answer. */
export function notAsked(answer: StoreAnswer): string {
  if (answer.kind === 'waiting') return 'no member runs yet';
  return answer.kind === 'invalid' ? 'the spec is not complete' : 'the store gave no answer';
}

/** Whether tenants of the store are kept apart as far as one knows. */
export function isolated({ metadata }: DataStore, answer: StoreAnswer): Finding<'Isolated'> {
  const type = 'Isolated';
  if (answer.kind !== 'answer') return { type, status: 'Unknown', reason: 'Waiting', message: notAsked(answer) };
  const { isolation } = answer;
  if (isolation instanceof DataStoreError) {
    const message = `its version and configuration could not be looked at: ${isolation.message}`;
    return { type, status: 'Unknown', reason: 'NotChecked', message };
  }
  if (isolation.length === 0) {
    return {
      type,
      status: 'True',
      reason: 'Isolated',
      message: 'nothing is known that lets tenants reach one another',
    };
  }
  const accepted = metadata.annotations?.[ACCEPT_ISOLATION_PROBLEMS] === 'true';
  const consequence = accepted
    ? `new tenants are accepted all the same, because of the annotation ${ACCEPT_ISOLATION_PROBLEMS}`
    : `no new tenant is put on it unless it is annotated with ${ACCEPT_ISOLATION_PROBLEMS}=true`;
  const problems = isolation.map(({ summary, remedy }) => `${summary}: ${remedy}`).join('; ');
  return { type, status: 'False', reason: 'KnownVulnerability', message: `${problems}; ${consequence}` };
}

/** Whether the store that answers is another one than tenants were created on. */
export function mismatch(
  dataStore: DataStore,
  tenants: Gathered['tenants'],
  answer: StoreAnswer,
): Finding<'DataStoreMismatch'> {
  const type = 'DataStoreMismatch';
  if (answer.kind !== 'answer') return { type, status: 'Unknown', reason: 'Waiting', message: notAsked(answer) };
  const message = mismatched(dataStore, tenants, answer.probe.identity);
  return message === undefined
    ? { type, status: 'False', reason: 'NoMismatch', message: 'it is the store that its tenants were created on' }
    : { type, status: 'True', reason: 'DataStoreMismatch', message };
}

/** Whether tenants were created on another store than the one that answers; a sentence that says so. */
function mismatched({ metadata }: DataStore, tenants: Gathered['tenants'], identity: string): string | undefined {
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
