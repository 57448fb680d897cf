import type { KubeconfigGenerator } from '#api/kamaji/v1alpha1/kubeconfig-generator.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { annotations, labels } from '#api/labels.ts';
import { bootstrapDataSecretName } from '#bootstrap/bootstrap-data.ts';
import { namesOfControlPlane } from '#controlplane/names.ts';
import type { Secret } from '#runtime/client/builtin.ts';
import { type ObjectKey, keyOf, keyString } from '#runtime/client/resource.ts';
import type { Failure, Problem } from './finding.ts';
import type { Gathered } from './gather.ts';
import { foreignness, isGenerated, secretNameFor } from './ownership.ts';
import { selectionOf } from './selection.ts';
import { subjectFor, type UserAndGroups } from './subject.ts';

/** A kubeconfig that a tenant should have, and what it is made from. */
export interface Wish {
  /** Name of the generator. */
  readonly generator: string;
  readonly tenant: TenantControlPlane;
  /** Of the Secret. */
  readonly key: ObjectKey;
  readonly subject: UserAndGroups;
  /** Key of the admin-kubeconfig Secret that the server is taken from. */
  readonly endpointKey: string;
  readonly authority: Secret;
  readonly adminKubeconfig: Secret;
  /** The generator's Secret as the cache has it. */
  readonly live: Secret | undefined;
}

export interface Plan {
  /** Matching tenants. */
  readonly resources: number;
  /** Those whose Secret somebody has paused: it stays as it is. */
  readonly paused: number;
  readonly wishes: readonly Wish[];
  readonly failures: readonly Failure[];
  /** Secrets that the generator made and that nothing calls for any more. */
  readonly surplus: readonly Secret[];
}

/**
 * What should be, for every matching tenant, and what should be no more; or why a generator as a whole means nothing, and
 * then nothing is touched. Of a generator that is gone or going all Secrets are surplus. Pure.
 */
export function planOf(gathered: Gathered): Plan | Problem {
  const { generator, generated, name } = gathered;
  const isGone = generator === undefined || generator.metadata.deletionTimestamp !== undefined;
  const matching = isGone ? [] : matchingTenants(generator, gathered);
  if ('reason' in matching) return matching;
  const kept = new Set(matching.map((tenant) => keyString(secretKeyFor(tenant, name))));
  const surplus = generated.filter(
    (secret) => isGenerated(secret, name) && !isPaused(secret) && !kept.has(keyString(keyOf(secret))),
  );
  const answers = isGone ? [] : matching.map((tenant) => answerFor(generator, tenant, gathered));
  return {
    resources: matching.length,
    paused: answers.filter((answer) => answer === 'paused').length,
    wishes: answers.filter((answer) => answer !== 'paused').filter((answer) => 'subject' in answer),
    failures: answers.filter((answer) => answer !== 'paused').filter((answer) => 'problem' in answer),
    surplus,
  };
}

function matchingTenants(
  generator: KubeconfigGenerator,
  { tenants, namespace }: Gathered,
): readonly TenantControlPlane[] | Problem {
  const selection = selectionOf(generator);
  if ('reason' in selection) return selection;
  return tenants.filter(
    (tenant) => selection.tenant(tenant) && selection.namespace(namespace(tenant.metadata.namespace ?? '')),
  );
}

function answerFor(
  generator: KubeconfigGenerator,
  tenant: TenantControlPlane,
  { name, secret, generatedSecret }: Gathered,
): Wish | Failure | 'paused' {
  const failure = (reason: Problem['reason'], message: string): Failure => ({ tenant, problem: { reason, message } });
  const key = secretKeyFor(tenant, name);
  const reserved = reservedFor(tenant, key.name);
  if (reserved !== undefined) {
    return failure('NameReserved', `Secret ${key.name} is ${reserved}: give the generator another name`);
  }
  const live = generatedSecret(key);
  if (live !== undefined && !isGenerated(live, name)) return { tenant, problem: foreignSecret(live) };
  if (live !== undefined && isPaused(live)) return 'paused';
  const subject = subjectFor(generator, tenant);
  if ('reason' in subject) return { tenant, problem: subject };
  const names = namesOfControlPlane(tenant.metadata.name ?? '');
  const authority = secret({ ...key, name: names.ca });
  const adminKubeconfig = secret({ ...key, name: names.adminKubeconfig });
  if (authority === undefined || adminKubeconfig === undefined) {
    const missing = authority === undefined ? names.ca : names.adminKubeconfig;
    return failure('Waiting', `waiting for the control plane: it has no Secret ${missing} yet`);
  }
  const endpointKey = generator.spec.controlPlaneEndpointFrom ?? 'admin.svc';
  if (adminKubeconfig.data?.[endpointKey] === undefined) {
    const has = Object.keys(adminKubeconfig.data ?? {})
      .sort()
      .join(', ');
    return failure(
      'EndpointNotFound',
      `Secret ${names.adminKubeconfig} has no key ${endpointKey}, only ${has}: correct spec.controlPlaneEndpointFrom`,
    );
  }
  return { generator: name, tenant, key, subject, endpointKey, authority, adminKubeconfig, live };
}

/** What is said of a Secret that has the name and is not the generator's. */
export function foreignSecret(secret: Secret): Problem {
  const message = `Secret ${secret.metadata?.name ?? ''} exists and ${foreignness(secret)}: it is left alone; delete it, or give the generator another name`;
  return { reason: 'ForeignObject', message };
}

function secretKeyFor({ metadata }: TenantControlPlane, generator: string): ObjectKey {
  return { namespace: metadata.namespace ?? '', name: secretNameFor(metadata.name ?? '', generator) };
}

/** What a Secret of that name is to the tenant or its Cluster, made already or not. */
function reservedFor({ metadata }: TenantControlPlane, secretName: string): string | undefined {
  const names = namesOfControlPlane(metadata.name ?? '');
  const own = [
    names.ca,
    names.frontProxyCa,
    names.serviceAccount,
    names.apiServerCertificate,
    names.apiServerKubeletClient,
    names.frontProxyClient,
    names.adminKubeconfig,
    names.controllerManagerKubeconfig,
    names.schedulerKubeconfig,
    names.datastoreConfig,
    names.datastoreCertificate,
    names.konnectivityCertificate,
    names.konnectivityKubeconfig,
  ];
  if (own.includes(secretName)) return "the control plane's own";
  const cluster = metadata.labels?.[labels.clusterName];
  if (cluster === undefined) return undefined;
  // Cluster API contract: cluster certificates, kubeconfig.
  const purposes = ['kubeconfig', 'ca', 'etcd', 'proxy', 'sa'].map((purpose) => `${cluster}-${purpose}`);
  return [...purposes, bootstrapDataSecretName(cluster)].includes(secretName)
    ? `that of Cluster ${cluster}`
    : undefined;
}

function isPaused({ metadata }: Secret): boolean {
  return metadata?.annotations?.[annotations.paused] !== undefined;
}
