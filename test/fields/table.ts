import type { FieldTable } from './field.ts';
import { addons } from './table/addons.ts';
import { containers } from './table/containers.ts';
import { deployment } from './table/deployment.ts';
import { exposure } from './table/exposure.ts';
import { kubernetes } from './table/kubernetes.ts';
import { networks } from './table/networks.ts';
import { probes } from './table/probes.ts';
import { stores } from './table/stores.ts';

/** Every field of the spec of a TenantControlPlane. */
export const table: FieldTable = {
  ...stores,
  ...deployment,
  ...containers,
  ...probes,
  ...exposure,
  ...kubernetes,
  ...networks,
  ...addons,
};
