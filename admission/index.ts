import type { Logger } from 'winston';
import { dataStores, tenantControlPlanes } from '#api/kinds.ts';
import { AUTHORIZATION_PATH, MANAGER_SERVICE } from '#api/manager-service.ts';
import type { Cache } from '#runtime/cache/informer.ts';
import type { Clock } from '#runtime/clock.ts';
import type { ControllerOptions } from '#runtime/controller/reconciler.ts';
import type { AdmissionServer } from '#runtime/server/admission.ts';
import { createAdmissionServer } from '#runtime/server/admission.ts';
import type { AuthorizationServer } from '#runtime/server/authorization.ts';
import { createAuthorizationServer } from '#runtime/server/authorization.ts';
import type { ListenAddress } from '#runtime/server/listener.ts';
import type { ReviewMetrics } from '#runtime/server/review-server.ts';
import { authorizeTenant, tenantsByUid } from './authorize-tenant.ts';
import { certificateUpkeep } from './certificate-upkeep.ts';
import type { Issuer, ServerNames } from './serving-certificate.ts';
import type { ValidationOptions } from './validate-tenant-control-plane.ts';
import { validateStore, validateTenantControlPlane } from './validate-tenant-control-plane.ts';
import { VALIDATE_STORE, VALIDATE_TENANT_CONTROL_PLANE } from './webhooks.ts';

export interface AdmissionOptions extends Omit<ValidationOptions, 'tenantControlPlanes' | 'dataStores'> {
  readonly cache: Cache;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics?: ReviewMetrics;
  readonly address: ListenAddress;
  /** Where API servers of tenants are answered: apart from admission, which is for the management cluster alone. */
  readonly authorizationAddress: ListenAddress;
  /** Paces what tenants ask. Default: `clock`. */
  readonly paceClock?: Clock;
  readonly issuer: Issuer;
  /** Of the manager. */
  readonly namespace: string;
  /** Whether the webhook configuration is this installation's to keep. Default true. */
  readonly ownsWebhooks?: boolean;
  /** Under which API servers call us. Default: that of the Service. */
  readonly names?: ServerNames;
}

export interface Admission {
  readonly server: AdmissionServer;
  readonly authorization: AuthorizationServer;
  /** Keeps the servers' certificate; runs in every replica. */
  readonly upkeep: ControllerOptions;
  /** For a readiness check: what is wrong, if anything. */
  readonly notReady: () => string | undefined;
}

/** The servers that API servers ask, and what keeps them trusted. Declares informers: call before the cache starts. */
export function setupAdmission(options: AdmissionOptions): Admission {
  const { cache, clock, log, metrics, address, issuer, namespace } = options;
  const names = options.names ?? { dnsNames: [`${MANAGER_SERVICE}.${namespace}.svc`], ipAddresses: [] };
  const reporting = { log, ...(metrics && { metrics }) };
  const server = createAdmissionServer({ ...address, ...reporting });
  const authorization = createAuthorizationServer({ ...options.authorizationAddress, ...reporting });
  const informers = {
    tenantControlPlanes: cache.informer(tenantControlPlanes),
    dataStores: cache.informer(dataStores),
  };
  server.handle(VALIDATE_TENANT_CONTROL_PLANE, validateTenantControlPlane({ ...options, ...informers }));
  server.handle(VALIDATE_STORE, validateStore({ ...options, ...informers }));
  authorization.handle(AUTHORIZATION_PATH, authorizeTenant(tenantsByUid(cache), options.paceClock ?? clock));
  return {
    server,
    authorization,
    upkeep: certificateUpkeep({
      cache,
      clock,
      servers: [server, authorization],
      issuer,
      names,
      namespace,
      ...(options.ownsWebhooks === undefined ? {} : { ownsWebhooks: options.ownsWebhooks }),
    }),
    notReady: () => (server.hasCertificate() ? undefined : 'there is no serving certificate yet'),
  };
}
