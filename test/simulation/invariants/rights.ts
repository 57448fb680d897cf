import type { PolicyRule } from '#api/core/policy-rule.ts';
import { managerRules } from '#config/rbac.ts';
import { MANAGER_NAMESPACE } from '../process/manager-process.ts';
import type { RequestInfo } from '../process/request-info.ts';
import { SimulationError } from '../simulation.ts';

interface Counted {
  readonly info: RequestInfo;
  readonly status: number;
}

/** A right: `verb group/resource`, in the manager's own namespace followed by `in its namespace`. */
type Right = string;

const OWN = ' in its namespace';

/**
 * Rights that no request of a simulation can need, with the reason.
 */
export const NEEDS_THE_LAB: readonly { readonly right: RegExp; readonly why: string }[] = [
  {
    right: /^update \S+\/finalizers$/u,
    why: 'asked for by the admission plugin OwnerReferencesPermissionEnforcement for blockOwnerDeletion, not by a request',
  },
  {
    right: /^patch cluster\.x-k8s\.io\/machinedeployments$/u,
    why: 'the infrastructure template that it waits for is of a kind without rights; controllers/kamajicontrolplane/workers.test.ts has one',
  },
];

/** Throws when a request was made for which the generated roles give no right. */
export async function requireGranted(requests: readonly Counted[]): Promise<void> {
  const { everywhere, own } = await grantedRights();
  for (const { info, status } of requests) {
    for (const right of rightsFor(info, status)) {
      const granted = everywhere.has(right) || (info.namespace === MANAGER_NAMESPACE && own.has(right));
      if (!granted) throw new SimulationError(`no role grants '${right}', which ${info.verb} ${info.path} needs`);
    }
  }
}

/** The rights that these requests needed, where they were needed in the manager's own namespace marked as such. */
export function rightsUsedBy(requests: readonly Counted[]): ReadonlySet<Right> {
  return new Set(
    requests.flatMap(({ info, status }) =>
      rightsFor(info, status).map((right) => (info.namespace === MANAGER_NAMESPACE ? right + OWN : right)),
    ),
  );
}

/**
 * Rights of the generated roles that are not among the used ones and can be used in a simulation. A right in the whole cluster
 * that is used in the manager's namespace alone is one too many.
 */
export async function unusedRights(used: ReadonlySet<Right>): Promise<readonly Right[]> {
  const { everywhere, own } = await grantedRights();
  return [...everywhere, ...[...own].map((right) => right + OWN)]
    .filter((right) => !used.has(right))
    .filter((right) => !NEEDS_THE_LAB.some((exception) => exception.right.test(right)));
}

function rightsFor({ verb, group, resource, isApply }: RequestInfo, status: number): readonly Right[] {
  if (resource === '') return [];
  // An apply that creates needs the right to create as well (Kubernetes: server-side apply).
  const verbs = isApply && status === 201 ? [verb, 'create'] : [verb];
  return verbs.map((one) => `${one} ${group}/${resource}`);
}

async function grantedRights(): Promise<{ readonly everywhere: ReadonlySet<Right>; readonly own: ReadonlySet<Right> }> {
  const { cluster, namespace } = await managerRules();
  return { everywhere: new Set(cluster.flatMap(rightsOf)), own: new Set(namespace.flatMap(rightsOf)) };
}

function rightsOf({ apiGroups, resources, verbs }: PolicyRule): readonly Right[] {
  return apiGroups.flatMap((group) =>
    resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`)),
  );
}
