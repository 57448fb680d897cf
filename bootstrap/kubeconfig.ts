import { parse } from 'yaml';
import type { CertificatePair, CertificateRequest } from '#pki/authority.ts';
import { issue } from '#pki/authority.ts';
import type { KeyAlgorithm } from '#pki/key.ts';
import type { Reissue, ReissueReason } from '#pki/policies.ts';
import { certificateReissue, renewalTime } from '#pki/policies.ts';
import { GoodUntilDue, Remembered } from '#pki/remembered.ts';
import { BootstrapError } from './errors.ts';
import { toYaml } from './yaml-text.ts';

/** What a kubeconfig with one cluster and one client certificate holds. */
export interface Kubeconfig {
  /** URL of the API server. */
  readonly server: string;
  readonly clusterName: string;
  readonly userName: string;
  /** Default: `user@cluster`, as kubeadm does. */
  readonly contextName?: string;
  readonly caCertificatesPem: string;
  readonly clientCertificatePem: string;
  readonly clientKeyPem: string;
}

/** A kubeconfig that is wanted, whatever its key pair. */
export interface KubeconfigRequest {
  readonly server: string;
  readonly clusterName: string;
  /** The tenant's CA: what the client trusts, and who signs its certificate. */
  readonly authority: CertificatePair;
  readonly certificate: CertificateRequest;
  /** What the user and the context are called. Default: the certificate's common name, and `user@cluster`. */
  readonly name?: string;
}

/** Why a stored kubeconfig must be made again. */
export interface KubeconfigReissue {
  readonly reason: ReissueReason | 'ServerChanged' | 'NamesChanged';
  readonly message: string;
}

export interface ObtainingOptions {
  readonly now: Date;
  /** Renew when less than this is left. */
  readonly renewBeforeMs: number;
  readonly algorithm: KeyAlgorithm;
}

/** A kubeconfig that serves, and what came of looking. */
export interface ObtainedKubeconfig {
  readonly text: string;
  readonly reissue: KubeconfigReissue | undefined;
  readonly renewAt: Date;
  /** RFC 3339 time of a rotation that had been asked for. */
  readonly rotatedAt?: string;
}

/** Writes a kubeconfig with one context. The same fields always give the same text. */
export function formatKubeconfig(fields: Kubeconfig): string {
  const context = fields.contextName ?? kubeadmContext(fields);
  return toYaml({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [clusterEntry(fields.clusterName, fields.server, fields.caCertificatesPem)],
    users: [
      {
        name: fields.userName,
        user: {
          'client-certificate-data': toBase64(fields.clientCertificatePem),
          'client-key-data': toBase64(fields.clientKeyPem),
        },
      },
    ],
    contexts: [{ name: context, context: { cluster: fields.clusterName, user: fields.userName } }],
    'current-context': context,
  });
}

/**
 * The kubeconfig that `kubeadm join` downloads before it trusts anything: one unnamed cluster, no user
 * (Kubernetes: cmd/kubeadm/app/phases/bootstraptoken/clusterinfo).
 */
export function formatDiscoveryKubeconfig(server: string, caCertificatesPem: string): string {
  return toYaml({ apiVersion: 'v1', kind: 'Config', clusters: [clusterEntry('', server, caCertificatesPem)] });
}

/** Reads the current context of a kubeconfig. Throws BootstrapError `KubeconfigUnparsable` unless all fields are there, inline. */
export function parseKubeconfig(text: string): Kubeconfig {
  const document = parseYaml(text);
  const contextName = stringAt(document, 'current-context');
  const current = named(document, 'contexts', 'context', contextName);
  const clusterName = stringAt(current, 'cluster');
  const userName = stringAt(current, 'user');
  const cluster = named(document, 'clusters', 'cluster', clusterName);
  const user = named(document, 'users', 'user', userName);
  return {
    server: stringAt(cluster, 'server'),
    clusterName,
    userName,
    ...(contextName === kubeadmContext({ clusterName, userName }) ? {} : { contextName }),
    caCertificatesPem: fromBase64(stringAt(cluster, 'certificate-authority-data')),
    clientCertificatePem: fromBase64(stringAt(user, 'client-certificate-data')),
    clientKeyPem: fromBase64(stringAt(user, 'client-key-data')),
  };
}

/** The stored kubeconfig where it serves, else a new one. Errors as `issue` of pki/authority. */
export async function obtainKubeconfig(
  wanted: {
    readonly stored: string | undefined;
    readonly request: KubeconfigRequest;
    readonly rotateRequested: boolean;
  },
  { now, renewBeforeMs, algorithm }: ObtainingOptions,
): Promise<ObtainedKubeconfig> {
  const { stored, request, rotateRequested } = wanted;
  const reissue = kubeconfigReissue(stored, request, { now, renewBeforeMs, rotateRequested });
  const serves = reissue === undefined && stored !== undefined;
  const text = serves ? stored : await issueKubeconfig(request, { now, renewBeforeMs, algorithm });
  return {
    text,
    reissue,
    renewAt: kubeconfigRenewalTime(text, renewBeforeMs),
    ...(rotateRequested ? { rotatedAt: now.toISOString() } : {}),
  };
}

/**
 * Issues the client certificate of a kubeconfig and writes it. With `renewBeforeMs`, `kubeconfigReissue` and
 * `obtainKubeconfig` know the text from then on and need not parse it. Errors as `issue` of pki/authority.
 */
export async function issueKubeconfig(
  request: KubeconfigRequest,
  options: { readonly now: Date; readonly algorithm?: KeyAlgorithm; readonly renewBeforeMs?: number },
): Promise<string> {
  const { renewBeforeMs, ...issuing } = options;
  const pair = await issue({ ...request.certificate, ...issuing, authority: request.authority });
  const text = formatKubeconfig({
    server: request.server,
    clusterName: request.clusterName,
    userName: request.name ?? request.certificate.subject.commonName,
    ...(request.name === undefined ? {} : { contextName: request.name }),
    caCertificatesPem: request.authority.certificatePem,
    clientCertificatePem: pair.certificatePem,
    clientKeyPem: pair.privateKeyPem,
  });
  if (renewBeforeMs !== undefined) {
    const due = renewalTime(pair.certificatePem, renewBeforeMs);
    kubeconfigs.note(questionOf(text, request, { renewBeforeMs }), due);
    renewalTimes.note([text, renewBeforeMs], due.getTime());
  }
  return text;
}

/** Why a stored kubeconfig must be made again, or undefined when it serves. Options as for a bare certificate. */
export function kubeconfigReissue(
  stored: string | undefined,
  request: KubeconfigRequest,
  options: { readonly now: Date; readonly renewBeforeMs: number; readonly rotateRequested?: boolean },
): KubeconfigReissue | undefined {
  if (stored === undefined || stored === '') return { reason: 'Missing', message: 'there is none yet' };
  return kubeconfigs.objection(questionOf(stored, request, options), options.now, () => {
    const objection = objectionTo(stored, request, options);
    return objection === undefined
      ? { dueMs: kubeconfigRenewalTime(stored, options.renewBeforeMs).getTime() }
      : { objection };
  });
}

/** When `kubeconfigReissue` begins to answer `Expiring`. Errors as `parseKubeconfig`, and PkiError `CertificateUnparsable`. */
function kubeconfigRenewalTime(text: string, renewBeforeMs: number): Date {
  const find = (): number => renewalTime(parseKubeconfig(text).clientCertificatePem, renewBeforeMs).getTime();
  return new Date(renewalTimes.answer([text, renewBeforeMs], find));
}

function questionOf(
  text: string,
  { server, clusterName, authority, certificate, name }: KubeconfigRequest,
  options: { readonly renewBeforeMs: number; readonly rotateRequested?: boolean },
): readonly unknown[] {
  const { renewBeforeMs, rotateRequested = false } = options;
  return [text, server, clusterName, authority, certificate, name, renewBeforeMs, rotateRequested];
}

const kubeconfigs = new GoodUntilDue();
const renewalTimes = new Remembered<number>();

function objectionTo(
  stored: string,
  request: KubeconfigRequest,
  options: Parameters<typeof kubeconfigReissue>[2],
): KubeconfigReissue | undefined {
  const { authority, certificate: wanted } = request;
  const fields = tryParse(stored);
  if (!('server' in fields)) return fields;
  if (fields.caCertificatesPem !== authority.certificatePem) {
    return { reason: 'AuthorityChanged', message: 'it does not trust the present certificate authority' };
  }
  if (fields.server !== request.server) {
    return { reason: 'ServerChanged', message: `it points at ${fields.server} instead of ${request.server}` };
  }
  const userName = request.name ?? wanted.subject.commonName;
  const context = request.name ?? kubeadmContext({ clusterName: request.clusterName, userName });
  const has = fields.contextName ?? kubeadmContext(fields);
  if (fields.clusterName !== request.clusterName || fields.userName !== userName || has !== context) {
    return { reason: 'NamesChanged', message: `its context is no longer to be called ${context}` };
  }
  const pair = { certificatePem: fields.clientCertificatePem, privateKeyPem: fields.clientKeyPem };
  return certificateReissue({ stored: pair, authority, wanted, ...options });
}

function tryParse(text: string): Kubeconfig | Reissue {
  try {
    return parseKubeconfig(text);
  } catch (error) {
    if (error instanceof BootstrapError) return { reason: 'Unparsable', message: error.message };
    throw error;
  }
}

function clusterEntry(name: string, server: string, caCertificatesPem: string): object {
  return { name, cluster: { 'certificate-authority-data': toBase64(caCertificatesPem), server } };
}

function kubeadmContext({ userName, clusterName }: Pick<Kubeconfig, 'userName' | 'clusterName'>): string {
  return `${userName}@${clusterName}`;
}

function parseYaml(text: string): unknown {
  try {
    // Pretty errors quote the line that they are about, and that may be a private key.
    return parse(text, { prettyErrors: false, logLevel: 'error' });
  } catch (cause) {
    throw new BootstrapError('KubeconfigUnparsable', 'the kubeconfig is not YAML', { cause });
  }
}

function named(document: unknown, list: string, member: string, name: string): unknown {
  const entries = valueAt(document, list);
  const entry: unknown = Array.isArray(entries) ? entries.find((one) => valueAt(one, 'name') === name) : undefined;
  return valueAt(entry, member);
}

function stringAt(value: unknown, key: string): string {
  const text = valueAt(value, key);
  if (typeof text === 'string' && text !== '') return text;
  throw new BootstrapError('KubeconfigUnparsable', `the kubeconfig has no ${key} in its current context`);
}

function valueAt(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

function toBase64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

function fromBase64(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8');
}
