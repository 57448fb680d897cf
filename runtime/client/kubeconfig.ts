import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import type { Cluster, User } from '@kubernetes/client-node';
import type { Clock } from '../clock.ts';
import { cached, tokenFromFile } from './cached-token.ts';
import type { ClusterAccess } from './cluster-access.ts';
import type { TlsOptions } from './transport.ts';

export interface KubeConfigOptions {
  /** File to read; without it KUBECONFIG, then ~/.kube/config. */
  readonly path?: string | undefined;
  /** Default: the file's current context. */
  readonly context?: string | undefined;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** No usable access to a cluster is configured. `code` is stable. */
export class KubeConfigError extends Error {
  readonly code: 'CONTEXT_NOT_FOUND' | 'KUBECONFIG_INVALID' | 'KUBECONFIG_NOT_FOUND' | 'KUBECONFIG_UNSUPPORTED';

  constructor(code: KubeConfigError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'KubeConfigError';
    this.code = code;
  }
}

/**
 * Reads a kubeconfig. Client certificates and the CA are read once; tokens stay fresh: a token file is
 * read again every minute (Kubernetes rotates service-account tokens), exec and OIDC users are asked through client-node,
 * which caches until expiry. Throws KubeConfigError.
 */
export async function loadKubeConfig(options: KubeConfigOptions): Promise<ClusterAccess> {
  const config = readConfig(options.path);
  if (options.context !== undefined) config.setCurrentContext(options.context);
  const context = config.getContextObject(config.getCurrentContext());
  const cluster = config.getCurrentCluster();
  const user = config.getCurrentUser();
  if (context === null || cluster === null) {
    throw new KubeConfigError('CONTEXT_NOT_FOUND', `no context '${config.getCurrentContext()}' with a cluster`);
  }
  if (isPresent(cluster.proxyUrl)) {
    throw new KubeConfigError('KUBECONFIG_UNSUPPORTED', `cluster '${cluster.name}': proxy-url is not supported`);
  }
  const unsupported = unsupportedUserField(user);
  if (user !== null && unsupported !== undefined) {
    throw new KubeConfigError('KUBECONFIG_UNSUPPORTED', `user '${user.name}': ${unsupported} is not supported`);
  }
  const delegated = usesPlugin(user) ? await pluginCredentials(config) : undefined;
  const bearerToken = tokenProvider(config, user, delegated, options.clock);
  return {
    transport: {
      server: cluster.server,
      tls: await tlsOptions(cluster, user, delegated),
      ...(bearerToken === undefined ? {} : { bearerToken }),
    },
    ...(context.namespace === undefined ? {} : { namespace: context.namespace.trim() }),
  };
}

function readConfig(path: string | undefined): KubeConfig {
  const config = new KubeConfig();
  try {
    if (path !== undefined) config.loadFromFile(path);
    else if ((process.env['KUBECONFIG'] ?? '') !== '') config.loadFromDefault();
    else if (existsSync(join(homedir(), '.kube', 'config'))) {
      config.loadFromFile(join(homedir(), '.kube', 'config'));
    } else {
      throw new KubeConfigError(
        'KUBECONFIG_NOT_FOUND',
        'not in a pod, and neither --kubeconfig, KUBECONFIG nor ~/.kube/config is there',
      );
    }
  } catch (error) {
    if (error instanceof KubeConfigError) throw error;
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new KubeConfigError(
      missing ? 'KUBECONFIG_NOT_FOUND' : 'KUBECONFIG_INVALID',
      `cannot read the kubeconfig: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
  return config;
}

function unsupportedUserField(user: User | null): string | undefined {
  if (isPresent(user?.username)) return 'basic authentication (removed from Kubernetes in 1.19)';
  if (isPresent(user?.impersonateUser)) return 'impersonation';
  return undefined;
}

interface PluginCredentials {
  readonly cert?: string;
  readonly key?: string;
  readonly token?: string;
}

function usesPlugin(user: User | null): boolean {
  return (
    user !== null && (user.exec !== undefined || user.authProvider !== undefined) && tokenFileOf(user) === undefined
  );
}

async function pluginCredentials(config: KubeConfig): Promise<PluginCredentials> {
  const request: Parameters<KubeConfig['applyToHTTPSOptions']>[0] = {};
  await config.applyToHTTPSOptions(request);
  const { headers, cert, key } = request;
  const authorization = headers !== undefined && 'Authorization' in headers ? headers['Authorization'] : undefined;
  return {
    ...(typeof authorization === 'string' ? { token: authorization.replace(/^Bearer /, '') } : {}),
    ...(cert === undefined ? {} : { cert: String(cert) }),
    ...(key === undefined ? {} : { key: String(key) }),
  };
}

function tokenProvider(
  config: KubeConfig,
  user: User | null,
  delegated: PluginCredentials | undefined,
  clock: Pick<Clock, 'monotonic'>,
): (() => Promise<string>) | undefined {
  const file = tokenFileOf(user);
  if (file !== undefined) return tokenFromFile(file, clock);
  if (delegated?.token !== undefined) {
    // Short, since client-node knows the expiry and answers from its cache; the point is one question at a time.
    return cached(async () => (await pluginCredentials(config)).token ?? '', 10_000, clock);
  }
  const token = user?.token;
  return isPresent(token) ? () => Promise.resolve(token) : undefined;
}

function tokenFileOf(user: User | null): string | undefined {
  const provider: unknown = user?.authProvider;
  if (typeof provider !== 'object' || provider === null || !('config' in provider)) return undefined;
  const { config } = provider;
  if (typeof config !== 'object' || config === null || !('tokenFile' in config)) return undefined;
  return typeof config.tokenFile === 'string' ? config.tokenFile : undefined;
}

async function tlsOptions(
  cluster: Cluster,
  user: User | null,
  delegated: PluginCredentials | undefined,
): Promise<TlsOptions> {
  const [ca, userCert, userKey] = await Promise.all([
    pem(cluster.caData, cluster.caFile),
    pem(user?.certData, user?.certFile),
    pem(user?.keyData, user?.keyFile),
  ]);
  const cert = delegated?.cert ?? userCert;
  const key = delegated?.key ?? userKey;
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(isPresent(cluster.tlsServerName) ? { serverName: cluster.tlsServerName } : {}),
    ...(cluster.skipTLSVerify ? { insecureSkipVerify: true } : {}),
  };
}

async function pem(data: string | undefined, file: string | undefined): Promise<string | undefined> {
  if (isPresent(data)) return Buffer.from(data, 'base64').toString('utf8');
  return isPresent(file) ? readFile(file, 'utf8') : undefined;
}

// client-node types absent values as undefined, but they are null or empty as often.
function isPresent<T>(value: T): value is NonNullable<T> {
  return value !== undefined && value !== null && value !== '';
}
