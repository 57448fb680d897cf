import { createHash } from 'node:crypto';
import type { ContentReference, DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import { openAuthority } from '#pki/authority.ts';
import { parseCertificate, parseCertificates } from '#pki/inspect.ts';
import { parsePrivateKey, samePublicKey } from '#pki/key.ts';
import { secrets, type Secret } from '#runtime/client/builtin.ts';
import type { Reader } from '#runtime/client/client.ts';
import type { ConnectionConfig, TlsMaterial } from './connection.ts';
import { ETCD_CLIENT_PORT, managedHost, managedNames, secretKeys } from './managed.ts';

/** What is wrong with a DataStore's own statements; the reasons of its validation condition. */
export type DataStoreConfigErrorCode = 'SecretNotFound' | 'SecretKeyMissing' | 'ContentInvalid' | 'EndpointInvalid';

/** A DataStore does not say completely how its store is reached; the message names field, Secret and key, and the remedy. */
export class DataStoreConfigError extends Error {
  override readonly name = 'DataStoreConfigError';
  readonly code: DataStoreConfigErrorCode;

  constructor(code: DataStoreConfigErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface ResolveOptions {
  readonly reader: Reader;
  /** Where the objects of managed stores are: the manager's own namespace. */
  readonly managerNamespace: string;
  readonly signal: AbortSignal;
}

/**
 * Reads everything a DataStore refers to and checks that it fits together: endpoints have a port, certificates parse, keys belong to
 * their certificates. Throws DataStoreConfigError, or the reader's error when the API server does not answer.
 */
export async function resolveDataStore(dataStore: DataStore, options: ResolveOptions): Promise<ConnectionConfig> {
  const { spec } = dataStore;
  const content = contentReader(options);
  const managed = spec.managed === undefined ? undefined : managedSources(dataStore, options.managerNamespace);
  const endpoints = managed?.endpoints ?? spec.endpoints ?? [];
  checkEndpoints(endpoints);
  const tls = await resolveTls(managed?.tlsConfig ?? spec.tlsConfig, content);
  const basicAuth = await resolveBasicAuth(spec.basicAuth, content);
  if (spec.driver === 'NATS') checkForKine(basicAuth);
  if (basicAuth === undefined && tls?.client === undefined) {
    throw new DataStoreConfigError(
      'ContentInvalid',
      'spec.basicAuth and spec.tlsConfig.clientCertificate are both missing: set one, so that the store knows who asks',
    );
  }
  const found = {
    driver: spec.driver,
    endpoints,
    ...(tls === undefined ? {} : { tls }),
    ...(basicAuth === undefined ? {} : { basicAuth }),
  };
  const fingerprint = createHash('sha256').update(JSON.stringify(found)).digest('hex');
  return { ...found, fingerprint };
}

type TlsConfig = NonNullable<DataStore['spec']['tlsConfig']>;
type ReadContent = (field: string, reference: ContentReference) => Promise<Buffer>;

/** What the spec of a managed store would say if its user had to write it. */
function managedSources(dataStore: DataStore, namespace: string): { endpoints: string[]; tlsConfig: TlsConfig } {
  const name = dataStore.metadata.name ?? '';
  const names = managedNames(name);
  const inSecret = (secret: string, keyPath: string): ContentReference => ({
    secretReference: { name: secret, namespace, keyPath },
  });
  return {
    endpoints: [`${managedHost(name, namespace)}:${ETCD_CLIENT_PORT}`],
    tlsConfig: {
      certificateAuthority: {
        certificate: inSecret(names.caSecret, secretKeys.certificate),
        privateKey: inSecret(names.caSecret, secretKeys.privateKey),
      },
      clientCertificate: {
        certificate: inSecret(names.clientSecret, secretKeys.certificate),
        privateKey: inSecret(names.clientSecret, secretKeys.privateKey),
      },
    },
  };
}

function checkEndpoints(endpoints: readonly string[]): void {
  if (endpoints.length === 0) {
    throw new DataStoreConfigError('EndpointInvalid', 'spec.endpoints is empty: list the addresses as host:port');
  }
  for (const endpoint of endpoints) {
    const [, host, port] = /^(\[[0-9A-Fa-f:.]+\]|[^\s/:@[\]]+):(\d{1,5})$/u.exec(endpoint) ?? [];
    if (host === undefined || Number(port) < 1 || Number(port) > 65_535) {
      throw new DataStoreConfigError(
        'EndpointInvalid',
        `spec.endpoints: ${JSON.stringify(endpoint)} is not host:port (an IPv6 address goes in brackets, there is no scheme)`,
      );
    }
  }
}

async function resolveTls(config: TlsConfig | undefined, content: ReadContent): Promise<TlsMaterial | undefined> {
  if (config === undefined) return undefined;
  const { certificateAuthority: authority, clientCertificate: client } = config;
  const ca = (await content('tlsConfig.certificateAuthority.certificate', authority.certificate)).toString();
  checked('tlsConfig.certificateAuthority.certificate', authority.certificate, () => parseCertificates(ca));
  const caKey =
    authority.privateKey === undefined
      ? undefined
      : (await content('tlsConfig.certificateAuthority.privateKey', authority.privateKey)).toString();
  if (caKey !== undefined) {
    checked('tlsConfig.certificateAuthority.privateKey', authority.privateKey, () =>
      openAuthority({ certificatePem: ca, privateKeyPem: caKey }),
    );
  }
  return {
    ca,
    ...(caKey === undefined ? {} : { caKey }),
    ...(client === undefined ? {} : { client: await resolveClient(client, content) }),
  };
}

async function resolveClient(
  config: NonNullable<TlsConfig['clientCertificate']>,
  content: ReadContent,
): Promise<NonNullable<TlsMaterial['client']>> {
  const certificate = (await content('tlsConfig.clientCertificate.certificate', config.certificate)).toString();
  const key = (await content('tlsConfig.clientCertificate.privateKey', config.privateKey)).toString();
  const parsed = checked('tlsConfig.clientCertificate.certificate', config.certificate, () =>
    parseCertificate(certificate),
  );
  const privateKey = checked('tlsConfig.clientCertificate.privateKey', config.privateKey, () => parsePrivateKey(key));
  if (!samePublicKey(parsed.publicKey, privateKey)) {
    throw new DataStoreConfigError(
      'ContentInvalid',
      `spec.tlsConfig.clientCertificate.privateKey${sourceOf(config.privateKey)}: it does not belong to the certificate`,
    );
  }
  return { certificate, key };
}

async function resolveBasicAuth(
  config: DataStore['spec']['basicAuth'],
  content: ReadContent,
): Promise<ConnectionConfig['basicAuth']> {
  if (config === undefined) return undefined;
  const username = (await content('basicAuth.username', config.username)).toString();
  const password = (await content('basicAuth.password', config.password)).toString();
  return { username, password };
}

/** kine reads the credentials of a NATS out of a URL and hands them on as they stand there (kine: pkg/drivers/nats/config.go). */
function checkForKine(basicAuth: ConnectionConfig['basicAuth']): void {
  for (const [field, text] of Object.entries(basicAuth ?? {})) {
    if (/^[A-Za-z0-9_.~$&+,;=-]+$/u.test(text)) continue;
    throw new DataStoreConfigError(
      'ContentInvalid',
      `spec.basicAuth.${field}: with driver NATS it is part of a URL, so it may hold letters, digits and -_.~$&+,;= only: choose another`,
    );
  }
}

/** Reads contents, each Secret once. */
function contentReader({ reader, signal }: ResolveOptions): ReadContent {
  const read = new Map<string, Promise<Secret | undefined>>();
  return async (field, reference) => {
    if (reference.content !== undefined) return decoded(field, reference.content);
    const { name = '', namespace = '', keyPath = '' } = reference.secretReference ?? {};
    if (name === '' || namespace === '' || keyPath === '') {
      throw new DataStoreConfigError(
        'ContentInvalid',
        `spec.${field}: set content, or name, namespace and keyPath of secretReference`,
      );
    }
    const id = `${namespace}/${name}`;
    const reading = read.get(id) ?? reader.get(secrets, { namespace, name }, { signal });
    read.set(id, reading);
    const secret = await reading;
    if (secret === undefined) {
      throw new DataStoreConfigError('SecretNotFound', `spec.${field}: the Secret ${id} does not exist: create it`);
    }
    const value = secret.data?.[keyPath];
    if (value === undefined || value === '') {
      const present = Object.keys(secret.data ?? {})
        .sort()
        .join(', ');
      throw new DataStoreConfigError(
        'SecretKeyMissing',
        `spec.${field}: the Secret ${id} has no key ${keyPath} (it has: ${present === '' ? 'none' : present})`,
      );
    }
    return Buffer.from(value, 'base64');
  };
}

function decoded(field: string, content: string): Buffer {
  if (!/^[A-Za-z0-9+/\s]+={0,2}\s*$/u.test(content)) {
    throw new DataStoreConfigError('ContentInvalid', `spec.${field}.content is not base64`);
  }
  return Buffer.from(content, 'base64');
}

function checked<T>(field: string, reference: ContentReference | undefined, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new DataStoreConfigError('ContentInvalid', `spec.${field}${sourceOf(reference)}: ${message}`, { cause });
  }
}

/** Where a value came from, for the person who has to put it right. */
function sourceOf(reference: ContentReference | undefined): string {
  const { name = '', namespace = '', keyPath = '' } = reference?.secretReference ?? {};
  if (reference === undefined || reference.content !== undefined || name === '') return '';
  return ` (Secret ${namespace}/${name}, key ${keyPath})`;
}
