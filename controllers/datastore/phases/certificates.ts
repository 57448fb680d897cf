import { secretKeys } from '#datastore/managed.ts';
import { type CertificatePair, createAuthority, issue } from '#pki/authority.ts';
import { certificateReissue } from '#pki/policies.ts';
import { type Secret, secrets } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import { ApiError } from '#runtime/client/errors.ts';
import { secretData, secretText } from '#runtime/client/secret-data.ts';
import type { ManagedObjects } from '../gather.ts';
import { managedAuthorities, managedCertificates, RENEW_BEFORE_MS } from '../managed/certificates.ts';
import { belongsTo, managedMetadata, type ManagedSettings } from '../managed/settings.ts';
import { ForeignObjectError } from './foreign-object.ts';

export interface CertificateInput {
  readonly settings: ManagedSettings;
  readonly objects: ManagedObjects;
  readonly client: Client;
  readonly now: Date;
}

/**
 * Makes the Secrets of a managed store that are missing and renews certificates that run out. An authority that is there is never
 * replaced: it is in the hands of every tenant. Returns the certificates of the authorities.
 */
export async function ensureCertificates(input: CertificateInput): Promise<readonly string[]> {
  const authorities = new Map<string, CertificatePair>();
  for (const { secret, commonName } of managedAuthorities(input.settings)) {
    authorities.set(secret, await ensureAuthority(input, secret, commonName));
  }
  await Promise.all(
    managedCertificates(input.settings).map(async (certificate) => {
      const authority = authorities.get(certificate.authoritySecret);
      if (authority === undefined) throw new TypeError(`${certificate.secret} has no authority`);
      const { request, secret } = certificate;
      const live = input.objects.secrets.get(secret);
      const policy = { authority, wanted: request, now: input.now, renewBeforeMs: RENEW_BEFORE_MS };
      const stored = pairOf(live);
      const authorityKept = secretText(live, secretKeys.authority) === authority.certificatePem;
      if (certificateReissue({ ...policy, stored }) === undefined && authorityKept) return;
      const pair = await issue({ ...request, authority, now: input.now });
      await write(input, secret, live, { ...dataOf(pair), [secretKeys.authority]: authority.certificatePem });
    }),
  );
  return [...authorities.values()].map(({ certificatePem }) => certificatePem);
}

async function ensureAuthority(input: CertificateInput, name: string, commonName: string): Promise<CertificatePair> {
  const live = input.objects.secrets.get(name);
  if (live !== undefined) return pairOf(live);
  const pair = await createAuthority({ commonName, now: input.now });
  return pairOf(await write(input, name, undefined, dataOf(pair)));
}

/** Creates the Secret, or replaces its data if it is still as it was read. */
async function write(
  { client, settings }: CertificateInput,
  name: string,
  live: Secret | undefined,
  data: { [key: string]: string },
): Promise<Secret> {
  const encoded = secretData(data);
  if (live !== undefined) return client.replace(secrets, { ...live, data: encoded });
  const metadata = managedMetadata(settings, name);
  const secret: Secret = { apiVersion: 'v1', kind: 'Secret', metadata, type: 'kubernetes.io/tls', data: encoded };
  try {
    return await client.create(secrets, secret);
  } catch (error) {
    if (!(error instanceof ApiError) || !error.isAlreadyExists) throw error;
    const present = await client.get(secrets, { namespace: settings.namespace, name });
    // Ours, and the cache is late: the next pass sees it.
    if (present === undefined || belongsTo(present, settings)) throw error;
    throw new ForeignObjectError('Secret', settings.namespace, name, { cause: error });
  }
}

function pairOf(secret: Secret | undefined): CertificatePair {
  return {
    certificatePem: secretText(secret, secretKeys.certificate) ?? '',
    privateKeyPem: secretText(secret, secretKeys.privateKey) ?? '',
  };
}

function dataOf({ certificatePem, privateKeyPem }: CertificatePair): { [key: string]: string } {
  return { [secretKeys.certificate]: certificatePem, [secretKeys.privateKey]: privateKeyPem };
}
