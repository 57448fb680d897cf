import type { PolicyRule } from '#api/core/policy-rule.ts';

/** A request as authorization sees it (Kubernetes: RBAC, request attributes). */
export interface UsedRight {
  readonly verb: string;
  /** Empty for the core group. */
  readonly apiGroup: string;
  /** Plural, with the subresource where there is one: `tenantcontrolplanes/status`. */
  readonly resource: string;
  /** Empty for cluster-scoped objects and for requests across namespaces. */
  readonly namespace: string;
  /** Empty where a request names no object, as a list does not. */
  readonly name: string;
}

/** What somebody may do. */
export interface Grants {
  /** By a ClusterRole, everywhere. */
  readonly cluster: readonly PolicyRule[];
  /** By a Role, in that namespace only. */
  readonly role: { readonly namespace: string; readonly rules: readonly PolicyRule[] };
}

/** How what was granted and what was done differ; sorted lines `verb resource.group`, those of the Role with its namespace. */
export interface RightsComparison {
  /** Granted, but not needed: by nobody, or because the ClusterRole grants it already. */
  readonly unused: readonly string[];
  /** Done or tried, but not granted. */
  readonly ungranted: readonly string[];
}

/** Compares the rights of a role with the requests that were made under it. */
export function compareRights({ cluster, role }: Grants, used: Iterable<UsedRight>): RightsComparison {
  const everywhere = cluster.flatMap(singleRights).map((right) => ({ right, line: describe(right) }));
  const here = role.rules
    .flatMap(singleRights)
    .map((right) => ({ right, line: `${describe(right)} in ${role.namespace}` }));
  const needed = new Set<string>();
  const ungranted = new Set<string>();
  for (const use of used) {
    const inRole = use.namespace === role.namespace ? here : [];
    const match = [...everywhere, ...inRole].find(({ right }) => covers(right, use));
    if (match === undefined) ungranted.add(describe(use));
    else needed.add(match.line);
  }
  const granted = [...everywhere, ...here].map(({ line }) => line);
  return { unused: granted.filter((line) => !needed.has(line)).toSorted(), ungranted: [...ungranted].toSorted() };
}

interface SingleRight {
  readonly verb: string;
  readonly apiGroup: string;
  readonly resource: string;
  /** Absent: of any name. */
  readonly names?: readonly string[];
}

function singleRights({ apiGroups, resources, verbs, resourceNames }: PolicyRule): readonly SingleRight[] {
  const names = resourceNames === undefined ? {} : { names: resourceNames };
  return apiGroups.flatMap((apiGroup) =>
    resources.flatMap((resource) => verbs.map((verb) => ({ verb, apiGroup, resource, ...names }))),
  );
}

function covers({ verb, apiGroup, resource, names }: SingleRight, use: UsedRight): boolean {
  return (
    verb === use.verb &&
    apiGroup === use.apiGroup &&
    resource === use.resource &&
    (names === undefined || names.includes(use.name))
  );
}

function describe(right: Pick<SingleRight, 'verb' | 'apiGroup' | 'resource' | 'names'>): string {
  const { verb, apiGroup, resource, names } = right;
  const of = names === undefined ? '' : ` ${names.join(', ')}`;
  return `${verb} ${resource}${apiGroup === '' ? '' : `.${apiGroup}`}${of}`;
}
