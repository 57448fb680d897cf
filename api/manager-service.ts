/** Name of the Service in front of the manager, in its namespace; it leads to every replica. */
export const MANAGER_SERVICE = 'kamaji-webhook-service';

/** Labels of the manager's pods. */
export const MANAGER_LABELS = { 'control-plane': 'kamaji-controller-manager' } as const;

/** Port of the Service, and of the pods behind it, at which the manager answers API servers of tenants. */
export const AUTHORIZATION_PORT = 9444;

/** Where it does. */
export const AUTHORIZATION_PATH = '/authorize-tenant';

/** Name of the Secret, in the manager's namespace, of its serving certificate and the authority behind that. */
export const MANAGER_CERTIFICATE = 'kamaji-webhook-serving-certificate';

/** Where the API server of a tenant asks. */
export function authorizationUrl(managerNamespace: string): string {
  return `https://${MANAGER_SERVICE}.${managerNamespace}.svc:${AUTHORIZATION_PORT}${AUTHORIZATION_PATH}`;
}
