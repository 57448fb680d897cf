import { createClient } from '#runtime/client/kube-client.ts';
import { serveTenantApis } from '#test/simulated-fleet/tenant-apis.ts';
import { defineMeasurement } from '../measurement.ts';
import { type Access, openTransport } from './access.ts';

export interface TenantApisInput {
  /** The management cluster, where the tenants' certificates are. */
  readonly management: Access;
  readonly port: number;
}

export interface TenantApisOutput {
  readonly requests: number;
}

/** Serves the simulated APIs of all tenants while it is paused. */
export const measurement = defineMeasurement<TenantApisInput, TenantApisOutput>(
  import.meta.url,
  async ({ management, port }, pause) => {
    const apis = await serveTenantApis(createClient(openTransport(management, 4)), port);
    await pause();
    apis.close();
    return { requests: apis.requests() };
  },
);
