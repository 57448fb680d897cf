import { readdir } from 'node:fs/promises';
import { ownNamespaceRules, rules } from '#admission/rbac.ts';
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
