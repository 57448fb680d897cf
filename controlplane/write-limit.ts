import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';

type WritePermissions = NonNullable<TenantControlPlane['spec']['writePermissions']>;

/** A field of `spec.writePermissions`. */
export type WriteLimitField = keyof WritePermissions;

/** The fields that are set, in this order; never empty. */
export type WriteLimit = readonly [WriteLimitField, ...WriteLimitField[]];

/** What a request is about (Kubernetes: authorization.k8s.io/v1 ResourceAttributes). */
export interface WriteAttributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
}

const FIELDS = ['blockCreation', 'blockUpdate', 'blockDeletion'] as const satisfies readonly WriteLimitField[];

/** The writes that the tenant's users are refused; undefined when they may do what RBAC says. */
export function writeLimitOf({ spec }: TenantControlPlane): WriteLimit | undefined {
  const [first, ...rest] = FIELDS.filter((field) => spec.writePermissions?.[field] === true);
  return first === undefined ? undefined : [first, ...rest];
}

const ASKED = 'request.resourceAttributes';
const EVICTION = `${ASKED}.group == '' && ${ASKED}.resource == 'pods' && ${ASKED}.subresource == 'eviction'`;
const TOKEN = `${ASKED}.group == '' && ${ASKED}.resource == 'serviceaccounts' && ${ASKED}.subresource == 'token'`;

const WRITES: Readonly<Record<WriteLimitField, string>> = {
  // A patch or an update that would make the object is asked about once more, as a creation.
  blockCreation: `${ASKED}.verb == 'create' && !(${EVICTION})`,
  blockUpdate: `${ASKED}.verb in ['update', 'patch']`,
  blockDeletion: `${ASKED}.verb in ['delete', 'deletecollection'] || (${ASKED}.verb == 'create' && ${EVICTION})`,
};

// Without these, who administers the tenant would borrow an identity that is spared.
const DISGUISES = [
  `(${ASKED}.verb == 'impersonate' || ${ASKED}.verb.startsWith('impersonate:')) && ` +
    `(${ASKED}.resource == 'nodes' || (${ASKED}.resource in ['users', 'groups'] && ${ASKED}.name.startsWith('system:')) || ` +
    `(${ASKED}.resource == 'serviceaccounts' && ${ASKED}.namespace == 'kube-system'))`,
  `${ASKED}.verb == 'create' && ${TOKEN} && ${ASKED}.namespace == 'kube-system'`,
];

const SPARED = [
  // The control plane's own processes, nodes, and the controllers, which have accounts in kube-system.
  "request.user in ['system:kube-controller-manager', 'system:kube-scheduler']",
  "request.groups.exists(group, group in ['system:nodes', 'system:serviceaccounts:kube-system'])",
  // A machine that joins asks for its certificate.
  `'system:bootstrappers' in request.groups && ${ASKED}.group == 'certificates.k8s.io' && ` +
    `${ASKED}.resource == 'certificatesigningrequests'`,
  // Questions, which leave nothing behind.
  `${ASKED}.verb == 'create' && ${ASKED}.group in ['authentication.k8s.io', 'authorization.k8s.io']`,
  `${ASKED}.group == 'coordination.k8s.io' && ${ASKED}.resource == 'leases'`,
  `${ASKED}.group == '' && ${ASKED}.subresource in ['attach', 'exec', 'portforward', 'proxy']`,
  `${ASKED}.verb == 'create' && ${TOKEN} && ${ASKED}.namespace != 'kube-system'`,
];

/**
 * CEL expressions about a SubjectAccessReview of version v1, all of which hold for what the limit may refuse, and one of which
 * does not for all else (Kubernetes: matchConditions of AuthorizationConfiguration).
 */
export function limitedRequests(limit: WriteLimit): readonly string[] {
  const writes = [...limit.map((field) => WRITES[field]), ...DISGUISES].map((one) => `(${one})`).join(' || ');
  return [`has(${ASKED}) && (${writes})`, ...SPARED.map((one) => `!(${one})`)];
}

/** The field that refuses a request which `limitedRequests` holds for; undefined when none does. */
export function refusingField(limit: WriteLimit, asked: WriteAttributes): WriteLimitField | undefined {
  const field = fieldAbout(asked);
  return field === 'any' ? limit[0] : limit.find((one) => one === field);
}

function fieldAbout({ verb, group, resource, subresource }: WriteAttributes): WriteLimitField | 'any' | undefined {
  if (verb === 'impersonate' || verb.startsWith('impersonate:')) return 'any';
  const what = `${group}/${resource}/${subresource}`;
  switch (verb) {
    case 'create':
      if (what === '/serviceaccounts/token') return 'any';
      return what === '/pods/eviction' ? 'blockDeletion' : 'blockCreation';
    case 'update':
    case 'patch':
      return 'blockUpdate';
    case 'delete':
    case 'deletecollection':
      return 'blockDeletion';
    default:
      return undefined;
  }
}
