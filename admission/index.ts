import type { Logger } from 'winston';
import { tenantControlPlanes } from '#api/kinds.ts';
import type { Cache } from '#runtime/cache/informer.ts';
import type { Clock } from '#runtime/clock.ts';
import type { ControllerOptions } from '#runtime/controller/reconciler.ts';
import type { AdmissionMetrics, AdmissionServer } from '#runtime/server/admission.ts';
import { createAdmissionServer } from '#runtime/server/admission.ts';
import type { ListenAddress } from '#runtime/server/listener.ts';
import { certificateUpkeep } from './certificate-upkeep.ts';
import type { Issuer, ServerNames } from './serving-certificate.ts';
import type { ValidationOptions } from './validate-tenant-control-plane.ts';
import { validateTenantControlPlane } from './validate-tenant-control-plane.ts';
import { VALIDATE_TENANT_CONTROL_PLANE, WEBHOOK_SERVICE } from './webhooks.ts';

export interface AdmissionOptions extends Omit<ValidationOptions, 'tenantControlPlanes'> {
  readonly cache: Cache;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics?: AdmissionMetrics;
  readonly address: ListenAddress;
  readonly issuer: Issuer;
  /** Of the manager. */
  readonly namespace: string;
  /** Under which API servers call us. Default: that of the Service. */
  readonly names?: ServerNames;
}

export interface Admission {
  readonly server: AdmissionServer;
  /** Keeps the server's certificate; runs in every replica. */
  readonly upkeep: ControllerOptions;
  /** For a readiness check: what is wrong, if anything. */
  readonly notReady: () => string | undefined;
}

/** The admission server and what keeps it trusted. Declares informers: call before the cache starts. */
export function setupAdmission(options: AdmissionOptions): Admission {
  const { cache, clock, log, metrics, address, issuer, namespace } = options;
  const names = options.names ?? { dnsNames: [`${WEBHOOK_SERVICE}.${namespace}.svc`], ipAddresses: [] };
  const server = createAdmissionServer({ ...address, log, ...(metrics && { metrics }) });
  const informer = cache.informer(tenantControlPlanes);
  server.handle(
    VALIDATE_TENANT_CONTROL_PLANE,
    validateTenantControlPlane({ ...options, tenantControlPlanes: informer }),
  );
  return {
    server,
    upkeep: certificateUpkeep({ cache, clock, server, issuer, names, namespace }),
    notReady: () => (server.hasCertificate() ? undefined : 'there is no serving certificate yet'),
  };
}
