import type { ContractReference } from '#api/core/cluster.ts';
import { customResourceDefinitions } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import type { KubeObject, Resource } from '#runtime/client/resource.ts';
import type { Clock } from '#runtime/clock.ts';

/** What is read and written of an infrastructure cluster (Cluster API contract: InfraCluster). */
export interface InfrastructureCluster extends KubeObject {
  spec?: {
    controlPlaneEndpoint?: { host?: string; port?: number };
    /** OpenStackCluster has the endpoint in two fields of its own. */
    apiServerFixedIP?: string;
    apiServerPort?: number;
  };
  status?: { ready?: boolean; initialization?: { provisioned?: boolean } };
}

/** Version of the Cluster API contract that a kind keeps. */
export type Contract = 'v1beta2' | 'v1beta1';

/** How to reach a kind of infrastructure clusters, and how to read it. */
export interface InfrastructureKind {
  readonly resource: Resource<InfrastructureCluster>;
  readonly contract: Contract;
}

export type KindResolution =
  | { readonly found: InfrastructureKind }
  | { readonly found?: undefined; readonly missing: 'Definition' | 'Contract'; readonly crdName: string };

/** Finds the version of a kind as Cluster API's core does; answers are kept for a few minutes. */
export interface InfrastructureKinds {
  /** Throws as `Reader.get` does. */
  resolve(client: Client, reference: ContractReference, signal: AbortSignal): Promise<KindResolution>;
}

const KEPT_MS = 300_000;

export function createInfrastructureKinds(clock: Pick<Clock, 'monotonic'>): InfrastructureKinds {
  const kept = new Map<string, { readonly kind: InfrastructureKind; readonly until: number }>();
  return {
    async resolve(client, { apiGroup, kind }, signal) {
      const crdName = `${pluralOf(kind)}.${apiGroup}`;
      const known = kept.get(crdName);
      if (known !== undefined && clock.monotonic() < known.until) return { found: known.kind };
      const crd = await client.get(customResourceDefinitions, { name: crdName }, { signal });
      if (crd === undefined) return { missing: 'Definition', crdName };
      const served = contractVersion(crd.metadata?.labels ?? {});
      if (served === undefined) return { missing: 'Contract', crdName };
      const { group, names, scope } = crd.spec;
      const resource = {
        group,
        version: served.version,
        kind: names.kind,
        plural: names.plural,
        namespaced: scope === 'Namespaced',
      };
      const found: InfrastructureKind = { resource, contract: served.contract };
      kept.set(crdName, { kind: found, until: clock.monotonic() + KEPT_MS });
      return { found };
    },
  };
}

/**
 * The API version of a kind by its CRD's labels, `cluster.x-k8s.io/<contract>: <version>[_<version>…]`: the newest version of
 * the newest contract (Cluster API: internal/contract/version.go).
 */
export function contractVersion(
  labels: Readonly<Record<string, string>>,
): { readonly contract: Contract; readonly version: string } | undefined {
  for (const contract of ['v1beta2', 'v1beta1'] as const) {
    const versions = (labels[`cluster.x-k8s.io/${contract}`] ?? '').split('_').filter((version) => version !== '');
    const [version] = versions.sort((one, other) => compareApiVersions(other, one));
    if (version !== undefined) return { contract, version };
  }
  return undefined;
}

// Kubernetes: apimachinery/pkg/version (v2 over v1, v1 over v1beta2 over v1beta1 over v1alpha1, anything else last).
function compareApiVersions(one: string, other: string): number {
  const [a, b] = [rankOf(one), rankOf(other)];
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return one < other ? 1 : -1;
}

function rankOf(version: string): readonly number[] {
  const [, major, stage, minor] = /^v(\d+)(?:(alpha|beta)(\d+))?$/u.exec(version) ?? [];
  if (major === undefined) return [0, 0, 0];
  const maturity = stage === undefined ? 3 : stage === 'beta' ? 2 : 1;
  return [maturity, Number(major), Number(minor ?? 0)];
}

// The rule by which core forms CRD names, as far as it concerns kinds that end in Cluster and the like.
function pluralOf(kind: string): string {
  const name = kind.toLowerCase();
  if (/(?:s|x|z|ch|sh)$/u.test(name)) return `${name}es`;
  return /[^aeiou]y$/u.test(name) ? `${name.slice(0, -1)}ies` : `${name}s`;
}
