import { createHash, randomBytes } from 'node:crypto';
import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import { annotations } from '#api/labels.ts';
import { rotationRequested } from '#api/rotation.ts';
import type { NamesOfControlPlane } from '#controlplane/names.ts';
import type { ConnectionConfig } from '#datastore/connection.ts';
import type { TenantNames } from '#datastore/driver.ts';
import type { CertificatePair } from '#pki/authority.ts';
import { credentialsPeriodMs } from '#datastore/scheduling.ts';
import type { Secret } from '#runtime/client/builtin.ts';
import { secretText } from '#runtime/client/secret-data.ts';
import type { Reissued, SecretDraft } from '../secrets.ts';
import { checksumOf } from '../secrets.ts';
import type { IssuingInput } from './certificates.ts';
import { datastoreCertificateWish, grantWish } from './certificates.ts';

/** The password of a tenant in its store, and why it is a new one. */
export interface Password {
  readonly text: string;
  /** Absent when the password is the one that the Secret has. */
  readonly reissue?: Omit<Reissued, 'secretName'>;
  /** RFC 3339; when the password was made, if that was now. */
  readonly madeAt?: string;
  /** When the next one is due, where the DataStore wants that. */
  readonly renewAt: Date | undefined;
}

/**
 * The password that the Secret holds, or a new one: when there is none, when somebody asked for another by the rotate annotation, when the
 * DataStore says that it is old enough, or when somebody changed the Secret, since the store does not know what they wrote.
 */
export function passwordOf(secret: Secret | undefined, dataStore: DataStore, now: Date): Password {
  const stored = secretText(secret, 'DB_PASSWORD');
  const periodMs = credentialsPeriodMs(dataStore);
  const due = (since: Date): Date | undefined =>
    periodMs === undefined ? undefined : new Date(since.getTime() + periodMs);
  const renewAt = due(madeAt(secret, now));
  const reissue = reissueOf(secret, renewAt !== undefined && renewAt <= now);
  if (stored !== undefined && stored !== '' && reissue === undefined) return { text: stored, renewAt };
  return {
    // Letters and digits only: safe in every URL and connection string that kine builds from it.
    text: randomBytes(24).toString('hex'),
    madeAt: now.toISOString(),
    renewAt: due(now),
    ...(reissue === undefined ? {} : { reissue }),
  };
}

function reissueOf(secret: Secret | undefined, isDue: boolean): Password['reissue'] {
  if (secret === undefined) return undefined;
  if (rotationRequested(secret)) return { reason: 'RotationRequested', message: 'asked for by annotation' };
  if (isDue) return { reason: 'Expiring', message: 'as old as its DataStore lets passwords become' };
  if (secret.metadata !== undefined && !/^[\w.~-]*$/u.test(secretText(secret, 'DB_PASSWORD') ?? '')) {
    return {
      reason: 'Unparsable',
      message: 'its password holds characters that have a meaning in the address that kine is given',
    };
  }
  return isIntact(secret) ? undefined : { reason: 'Unparsable', message: 'somebody changed the Secret' };
}

function madeAt(secret: Secret | undefined, now: Date): Date {
  const text = secret?.metadata?.annotations?.[annotations.rotate] || secret?.metadata?.creationTimestamp;
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? now : new Date(time);
}

/** Whether a Secret holds what was written into it by us, or by upstream Kamaji, whose sum is one of the values alone. */
function isIntact({ data = {}, metadata }: Secret): boolean {
  const sum = metadata?.annotations?.[annotations.checksum];
  if (sum === undefined) return true;
  // Keys that somebody adds stay there for good: they are no reason for a new password in every pass.
  const ours = Object.keys(data).filter((key) => KEYS.has(key));
  const texts = Object.fromEntries(ours.map((key) => [key, secretText({ data }, key) ?? '']));
  if (checksumOf(texts) === sum) return true;
  const upstream = createHash('md5');
  for (const key of Object.keys(texts).sort()) upstream.update(texts[key] ?? '');
  return upstream.digest('hex') === sum;
}

const KEYS: ReadonlySet<string> = new Set(['DB_CONNECTION_STRING', 'DB_PASSWORD', 'DB_SCHEMA', 'DB_USER']);

export interface AccessInput extends IssuingInput {
  readonly objectNames: NamesOfControlPlane;
}

/** What the API server, or kine, gets in with. */
export interface Access {
  readonly drafts: readonly SecretDraft[];
  readonly renewAt: Date | undefined;
  readonly reissued: readonly Reissued[];
}

/** The Secrets by which the API server, or kine, gets into the store, and into those with `others` as their authorities. */
export async function planAccess(
  input: AccessInput,
  config: ConnectionConfig,
  names: TenantNames,
  password: Password,
  others: readonly CertificatePair[] = [],
): Promise<Access> {
  const { objectNames } = input;
  const credentials: SecretDraft = {
    name: objectNames.datastoreConfig,
    component: 'datastore-config',
    data: credentialsOf(config, names, password),
    ...(password.madeAt === undefined || !hasPassword(config) ? {} : { rotatedAt: password.madeAt }),
  };
  const ofPassword =
    password.reissue === undefined || !hasPassword(config)
      ? []
      : [{ secretName: credentials.name, ...password.reissue }];
  const renewPassword = hasPassword(config) ? password.renewAt : undefined;
  const { driver, tls } = config;
  if (tls === undefined) return { drafts: [credentials], renewAt: renewPassword, reissued: ofPassword };
  if (driver !== 'etcd' || tls.caKey === undefined) {
    const trust: SecretDraft = {
      name: objectNames.datastoreCertificate,
      component: 'datastore-certificate',
      data: { 'ca.crt': tls.ca, ...sharedCertificate(config) },
    };
    return { drafts: [credentials, trust], renewAt: renewPassword, reissued: ofPassword };
  }
  const authority = { certificatePem: tls.ca, privateKeyPem: tls.caKey };
  const { draft, renewAt, reissue } = await grantWish(
    datastoreCertificateWish(objectNames, authority, names.user, others),
    input,
  );
  const reissued = reissue === undefined ? [] : [{ secretName: draft.name, ...reissue }];
  return { drafts: [credentials, draft], renewAt, reissued };
}

/** Whether the store knows the tenant by a password of its own. */
export function hasPassword({ driver }: ConnectionConfig): boolean {
  return driver === 'PostgreSQL' || driver === 'MySQL';
}

/** Whether kine shows the store's own client certificate: only where tenant and administrator are one. */
export function sharesCertificate({ driver, tls }: ConnectionConfig): boolean {
  return driver === 'NATS' && tls?.client !== undefined;
}

function sharedCertificate(config: ConnectionConfig): Readonly<Record<string, string>> {
  const client = config.tls?.client;
  return client === undefined || !sharesCertificate(config)
    ? {}
    : { 'server.crt': client.certificate, 'server.key': client.key };
}

function credentialsOf(
  config: ConnectionConfig,
  names: TenantNames,
  password: Password,
): Readonly<Record<string, string>> {
  const { basicAuth, driver } = config;
  const of = (user: string, text: string) => ({
    DB_CONNECTION_STRING: connectionString(config),
    DB_SCHEMA: names.schema,
    DB_USER: user,
    DB_PASSWORD: text,
  });
  // A NATS has users, but nothing by which this system could make one: its one tenant is its administrator.
  if (driver === 'NATS') return of(basicAuth?.username ?? '', basicAuth?.password ?? '');
  return of(names.user, driver === 'etcd' ? '' : password.text);
}

/** Of kine's drivers only PostgreSQL's takes several servers; upstream Kamaji gives all of them the first. */
function connectionString({ driver, endpoints }: ConnectionConfig): string {
  if (driver === 'etcd') return '';
  return driver === 'PostgreSQL' ? endpoints.join(',') : (endpoints[0] ?? '');
}
