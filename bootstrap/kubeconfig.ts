import { parse } from 'yaml';
import type { CertificatePair, CertificateRequest } from '#pki/authority.ts';
import { issue } from '#pki/authority.ts';
import type { KeyAlgorithm } from '#pki/key.ts';
import type { Reissue, ReissueReason } from '#pki/policies.ts';
import { certificateReissue } from '#pki/policies.ts';
import { BootstrapError } from './errors.ts';
import { toYaml } from './yaml-text.ts';

/** What a kubeconfig with one cluster and one client certificate holds. */
export interface Kubeconfig {
  /** URL of the API server. */
  readonly server: string;
  readonly clusterName: string;
  readonly userName: string;
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
  /** The client certificate; its common name names the user and the context as well. */
  readonly certificate: CertificateRequest;
}

/** Why a stored kubeconfig must be made again. */
export interface KubeconfigReissue {
  readonly reason: ReissueReason | 'ServerChanged' | 'NamesChanged';
  readonly message: string;
}

/** Writes a kubeconfig with one context, `user@cluster`, as kubeadm does. The same fields always give the same text. */
export function formatKubeconfig(fields: Kubeconfig): string {
  const context = `${fields.userName}@${fields.clusterName}`;
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
  const current = named(document, 'contexts', 'context', stringAt(document, 'current-context'));
  const clusterName = stringAt(current, 'cluster');
  const userName = stringAt(current, 'user');
  const cluster = named(document, 'clusters', 'cluster', clusterName);
  const user = named(document, 'users', 'user', userName);
  return {
    server: stringAt(cluster, 'server'),
    clusterName,
    userName,
    caCertificatesPem: fromBase64(stringAt(cluster, 'certificate-authority-data')),
    clientCertificatePem: fromBase64(stringAt(user, 'client-certificate-data')),
    clientKeyPem: fromBase64(stringAt(user, 'client-key-data')),
  };
}

/** Issues the client certificate of a kubeconfig and writes it. Errors as `issue` of pki/authority. */
export async function issueKubeconfig(
  request: KubeconfigRequest,
  options: { readonly now: Date; readonly algorithm?: KeyAlgorithm },
): Promise<string> {
  const pair = await issue({ ...request.certificate, ...options, authority: request.authority });
  return formatKubeconfig({
    server: request.server,
    clusterName: request.clusterName,
    userName: request.certificate.subject.commonName,
    caCertificatesPem: request.authority.certificatePem,
    clientCertificatePem: pair.certificatePem,
    clientKeyPem: pair.privateKeyPem,
  });
}

/** Why a stored kubeconfig must be made again, or undefined when it serves. Options as for a bare certificate. */
export function kubeconfigReissue(
  stored: string | undefined,
  request: KubeconfigRequest,
  options: { readonly now: Date; readonly renewBeforeMs: number; readonly rotateRequested?: boolean },
): KubeconfigReissue | undefined {
  const { authority, certificate: wanted } = request;
  if (stored === undefined || stored === '') return { reason: 'Missing', message: 'there is none yet' };
  const fields = tryParse(stored);
  if (!('server' in fields)) return fields;
  if (fields.caCertificatesPem !== authority.certificatePem) {
    return { reason: 'AuthorityChanged', message: 'it does not trust the present certificate authority' };
  }
  if (fields.server !== request.server) {
    return { reason: 'ServerChanged', message: `it points at ${fields.server} instead of ${request.server}` };
  }
  if (fields.clusterName !== request.clusterName || fields.userName !== wanted.subject.commonName) {
    const name = `${wanted.subject.commonName}@${request.clusterName}`;
    return { reason: 'NamesChanged', message: `its context is no longer to be called ${name}` };
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

function parseYaml(text: string): unknown {
  try {
    return parse(text);
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
