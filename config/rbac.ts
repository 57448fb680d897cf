import { readdir } from 'node:fs/promises';
import { ownNamespaceRules, rules } from '#admission/rbac.ts';
import { rules as forControlPlanes } from '#controllers/kamajicontrolplane/rbac.ts';
import { rules as forTenants } from '#controllers/tenantcontrolplane/rbac.ts';
import type { PolicyRule } from '#api/core/policy-rule.ts';

/** What the manager's ServiceAccount may do. */
export interface ManagerRules {
  /** In the whole cluster. */
  readonly cluster: readonly PolicyRule[];
  /** In the manager's own namespace. */
  readonly namespace: readonly PolicyRule[];
}

/** What every manager needs, whichever controllers it runs. */
const base: ManagerRules = {
  cluster: [{ apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] }, ...rules],
  namespace: [
    ...ownNamespaceRules,
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update'] },
  ],
};

/**
 * The rules that controllers export from `controllers/<kind>/rbac.ts`: `rules` for the cluster and, optionally,
 * `ownNamespaceRules` for the manager's namespace. Rules for the same resources become one.
 */
export async function managerRules(): Promise<ManagerRules> {
  const modules = await Promise.all((await rbacFiles()).map(async (file) => rulesOf(await import(file.href), file)));
  const cluster = merge([...base.cluster, ...modules.flatMap((module) => module.cluster)]);
  const namespace = merge([...base.namespace, ...modules.flatMap((module) => module.namespace)]);
  return { cluster, namespace: without(cluster, namespace) };
}

/** What the ServiceAccount of a manager with `--namespace` may do. */
export interface NamespacedRules {
  /** In the namespace that it looks after. */
  readonly watched: readonly PolicyRule[];
  /** In its own namespace. */
  readonly own: readonly PolicyRule[];
  /** In namespaces with Secrets that DataStores name. */
  readonly stores: readonly PolicyRule[];
  /** Of kinds that are in no namespace: only to read them, since no Role can grant that. */
  readonly clusterScoped: readonly PolicyRule[];
}

const EVENTS: PolicyRule = { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] };
const IN_NO_NAMESPACE: ReadonlySet<string> = new Set(['datastores', 'customresourcedefinitions']);

/** The same rights in one namespace. What is in no namespace is looked after by the instance without `--namespace`. */
export function namespacedRules(): NamespacedRules {
  const needed = merge([...forControlPlanes, ...forTenants, EVENTS]);
  const isClusterScoped = ({ resources }: PolicyRule): boolean => resources.some((name) => IN_NO_NAMESPACE.has(name));
  return {
    watched: needed.filter((rule) => !isClusterScoped(rule)),
    own: merge([
      ...ownNamespaceRules,
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update'] },
      // Versions of addons that the installation chooses.
      { apiGroups: [''], resources: ['configmaps'], verbs: ['list', 'watch'] },
    ]),
    stores: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }],
    clusterScoped: needed.filter(isClusterScoped),
  };
}

/** What the cluster's rules grant everywhere need not be granted once more. */
function without(cluster: readonly PolicyRule[], namespace: readonly PolicyRule[]): readonly PolicyRule[] {
  const everywhere = new Map(cluster.map((rule) => [keyOf(rule), rule.verbs]));
  return namespace
    .map((rule) => ({ ...rule, verbs: rule.verbs.filter((verb) => !everywhere.get(keyOf(rule))?.includes(verb)) }))
    .filter(({ verbs }) => verbs.length > 0);
}

async function rbacFiles(): Promise<readonly URL[]> {
  const root = new URL('../controllers/', import.meta.url);
  const entries = await readdir(root, { recursive: true });
  return entries
    .filter((path) => /(^|\/)rbac\.ts$/.test(path))
    .toSorted()
    .map((path) => new URL(path, root));
}

function rulesOf(module: unknown, file: URL): ManagerRules {
  const exported = module as Record<string, readonly PolicyRule[] | undefined>;
  const { rules: cluster, ownNamespaceRules: namespace = [] } = exported;
  if (!cluster) throw new TypeError(`${file.href} exports no "rules"`);
  return { cluster, namespace };
}

function merge(rules: readonly PolicyRule[]): readonly PolicyRule[] {
  const merged = new Map<string, PolicyRule>();
  for (const rule of rules.flatMap(onePerResource)) {
    const key = keyOf(rule);
    const verbs = [...(merged.get(key)?.verbs ?? []), ...rule.verbs];
    merged.set(key, { ...rule, verbs: order.filter((verb) => verbs.includes(verb)) });
  }
  return [...merged].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, rule]) => rule);
}

function keyOf({ apiGroups, resources, resourceNames }: PolicyRule): string {
  return JSON.stringify([apiGroups, resources, resourceNames ?? null]);
}

const order = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'] as const;

function onePerResource(rule: PolicyRule): readonly PolicyRule[] {
  return rule.apiGroups.flatMap((group) =>
    rule.resources.map((resource) => ({ ...rule, apiGroups: [group], resources: [resource] })),
  );
}
