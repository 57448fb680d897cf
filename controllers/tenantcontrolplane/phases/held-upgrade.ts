import semver from 'semver';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { annotations } from '#api/labels.ts';
import { parseKubeconfig } from '#bootstrap/kubeconfig.ts';
import type { ConfigMap, Node } from '#runtime/client/builtin.ts';
import { nodes } from '#runtime/client/builtin.ts';
import { ApiError, NetworkError } from '#runtime/client/errors.ts';
import { secretText } from '#runtime/client/secret-data.ts';
import { RECHECK_MS } from '#runtime/controller/finding.ts';
import { tenantAccess } from '#tenant/access.ts';
import type { TenantPool } from '#tenant/pool.ts';
import { chosenVersions } from '../addon-versions.ts';
import type { Finding } from '../finding.ts';
import type { Gathered } from '../gather.ts';

/** By how many minors a kubelet may be older than its API server (Kubernetes: version skew policy). */
const OLDEST_KUBELET = 3;
const NAMED_NODES = 3;

/** What a pass goes by, and why that is not the version of the spec where it is not. */
export interface HeldUpgrade {
  readonly gathered: Gathered;
  readonly finding?: Finding<'ControlPlaneReady'>;
  /** When to ask again. */
  readonly requeueAfterMs?: number;
}

/**
 * Holds an upgrade to another minor, before anything of it is done, that would leave nodes with kubelets which are too old for
 * it: the pass then goes by the version that is installed, and everything else of the spec is done. An API server that does not
 * serve is not asked, since the upgrade may be what mends it.
 */
export async function holdUpgrade(
  gathered: Gathered,
  addonVersions: ConfigMap | undefined,
  pool: Pick<TenantPool, 'client'>,
  signal: AbortSignal,
): Promise<HeldUpgrade> {
  const { tenantControlPlane } = gathered;
  const installed = aheadOf(gathered);
  if (
    installed === undefined ||
    tenantControlPlane.metadata.annotations?.[annotations.ignoreKubeletSkew] !== undefined
  ) {
    return { gathered };
  }
  const held = { ...gathered, ...withVersion(gathered, installed, addonVersions) };
  try {
    const oldest = oldestMinor(tenantControlPlane);
    const tooOld = (await kubelets(gathered, pool, signal)).filter(({ minor }) => minor < oldest);
    if (tooOld.length === 0) return { gathered };
    const message = sentence(tenantControlPlane, installed, oldest, tooOld);
    return {
      gathered: held,
      finding: { type: 'ControlPlaneReady', status: 'False', reason: 'KubeletsTooOld', message },
      requeueAfterMs: RECHECK_MS,
    };
  } catch (error) {
    // The conditions of what is done inside the tenant say that it cannot be reached.
    if (!(error instanceof ApiError) && !(error instanceof NetworkError)) throw error;
    return { gathered: held, requeueAfterMs: RECHECK_MS };
  }
}

/** The installed version, where the spec asks for a newer minor and no pod of that has been asked for yet. */
function aheadOf({ tenantControlPlane, deployment }: Gathered): string | undefined {
  const { version } = tenantControlPlane.spec.kubernetes;
  const installed = tenantControlPlane.status?.kubernetesResources?.version?.version;
  const [from, to] = [semver.coerce(installed), semver.coerce(version)];
  if (installed === undefined || from === null || to === null || to.minor <= from.minor) return undefined;
  const containers = deployment?.spec?.template.spec?.containers ?? [];
  const { image = '' } = containers.find(({ name }) => name === 'kube-apiserver') ?? {};
  const serves = (deployment?.status?.readyReplicas ?? 0) > 0;
  return serves && !image.endsWith(`:${version}`) ? installed : undefined;
}

function withVersion(
  { tenantControlPlane, deployment }: Gathered,
  version: string,
  addonVersions: ConfigMap | undefined,
): Pick<Gathered, 'tenantControlPlane' | 'addonVersions'> {
  const { spec } = tenantControlPlane;
  const present = { ...tenantControlPlane, spec: { ...spec, kubernetes: { ...spec.kubernetes, version } } };
  return { tenantControlPlane: present, addonVersions: chosenVersions(present, addonVersions, deployment) };
}

interface Kubelet {
  readonly node: string;
  readonly version: string;
  readonly minor: number;
}

async function kubelets(
  { tenantControlPlane, names, secrets, service }: Gathered,
  pool: Pick<TenantPool, 'client'>,
  signal: AbortSignal,
): Promise<readonly Kubelet[]> {
  const kubeconfig = secretText(secrets.get(names.adminKubeconfig), 'super-admin.svc');
  if (kubeconfig === undefined) return [];
  const access = tenantAccess(tenantControlPlane, service, parseKubeconfig(kubeconfig));
  if (access === undefined) return [];
  const { items } = await pool.client(access).list(nodes, { signal });
  return items.flatMap(kubeletOf);
}

function kubeletOf({ metadata, status }: Node): readonly Kubelet[] {
  const version = status?.nodeInfo?.kubeletVersion ?? '';
  const parsed = semver.coerce(version);
  return parsed?.major === 1 ? [{ node: metadata?.name ?? '', version, minor: parsed.minor }] : [];
}

function oldestMinor({ spec }: TenantControlPlane): number {
  return (semver.coerce(spec.kubernetes.version)?.minor ?? 0) - OLDEST_KUBELET;
}

function sentence({ spec }: TenantControlPlane, installed: string, oldest: number, tooOld: readonly Kubelet[]): string {
  const named = tooOld.slice(0, NAMED_NODES).map(({ node, version }) => `${node} (${version})`);
  const more = tooOld.length > NAMED_NODES ? ` and ${tooOld.length - NAMED_NODES} more` : '';
  return (
    `${spec.kubernetes.version} needs kubelets of v1.${oldest} or newer, so the control plane stays at ${installed}: upgrade or ` +
    `remove node ${named.join(', ')}${more}, or go on all the same by annotation ${annotations.ignoreKubeletSkew}`
  );
}
