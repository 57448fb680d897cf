import type { KubeconfigGenerator, KubeconfigGeneratorSpec } from '#api/kamaji/v1alpha1/kubeconfig-generator.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type { Problem } from './finding.ts';

/** Who the bearer of a kubeconfig is to the tenant's API server. */
export interface UserAndGroups {
  readonly user: string;
  /** Sorted, each once. */
  readonly groups: readonly string[];
}

type CompoundValue = KubeconfigGeneratorSpec['user'];

/** Kubernetes' own users and groups, and the group that kubeadm binds to cluster-admin. */
const PRIVILEGED = /^(?:system|kubeadm):/u;

/** The user and groups that a generator's spec means for a tenant, or which part of it means nothing there. */
export function subjectFor({ spec }: KubeconfigGenerator, tenant: TenantControlPlane): UserAndGroups | Problem {
  const user = textOf(spec.user, 'spec.user', tenant);
  if (typeof user !== 'string') return user;
  const groups = new Set<string>();
  for (const [index, group] of (spec.groups ?? []).entries()) {
    const text = textOf(group, `spec.groups[${index}]`, tenant);
    if (typeof text !== 'string') return text;
    groups.add(text);
  }
  return { user, groups: [...groups].sort() };
}

function textOf(value: CompoundValue, field: string, tenant: TenantControlPlane): string | Problem {
  if (value.fromDefinition === undefined) {
    if (value.stringValue !== undefined && value.stringValue !== '') return value.stringValue;
    return { reason: 'ValueNotFound', message: `${field}.stringValue is empty: write a name` };
  }
  const path = value.fromDefinition;
  const found = resolve(tenant, path, field);
  if (typeof found !== 'string') return found;
  if (PRIVILEGED.test(found)) {
    return {
      reason: 'ValueRefused',
      message:
        `${field}: ${path} is '${found}', and names that begin with system: or kubeadm: carry rights of their own, which ` +
        'whoever may write to the tenant would give away: write such a name as stringValue',
    };
  }
  return found;
}

/** The text at a dotted path. Looks at own members only, so that no path leads out of the object. */
function resolve(tenant: TenantControlPlane, path: string, field: string): string | Problem {
  let value: unknown = tenant;
  const walked: string[] = [];
  for (const member of path.split('.')) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return notFound(field, path, `${walked.join('.')} is ${kindOf(value)} and has no members`);
    }
    walked.push(member);
    if (!Object.hasOwn(value, member)) {
      return notFound(field, path, `the TenantControlPlane has no '${walked.join('.')}'`);
    }
    value = Reflect.get(value, member);
  }
  if (typeof value !== 'string') return notFound(field, path, `${path} is ${kindOf(value)}, not a string`);
  return value === '' ? notFound(field, path, `${path} is empty`) : value;
}

function notFound(field: string, path: string, why: string): Problem {
  return {
    reason: 'ValueNotFound',
    message: `${field}.fromDefinition '${path}': ${why}: correct the path or set the field`,
  };
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
