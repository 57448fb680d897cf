import type { ResourceRequirements } from './pod.ts';

/** Resource requirements as a user writes them: quantities may be numbers. */
export interface UserResources {
  readonly limits?: Readonly<Record<string, number | string>>;
  readonly requests?: Readonly<Record<string, number | string>>;
  readonly claims?: readonly { name: string; request?: string }[];
}

/**
 * The user's requirements as they are, or requests to begin with. Every container has some: the scheduler then counts what a
 * control plane costs, and an HPA by utilization refuses a pod in which any container has none.
 */
export function resourcesOf(
  user: UserResources | undefined,
  requests: { readonly cpu: string; readonly memory: string },
): ResourceRequirements {
  if (user === undefined) return { requests: { ...requests } };
  return {
    ...(user.limits && { limits: quantities(user.limits) }),
    ...(user.requests && { requests: quantities(user.requests) }),
    ...(user.claims && { claims: [...user.claims] }),
  };
}

function quantities(values: Readonly<Record<string, number | string>>): { [resource: string]: string } {
  return Object.fromEntries(Object.entries(values).map(([resource, quantity]) => [resource, String(quantity)]));
}
