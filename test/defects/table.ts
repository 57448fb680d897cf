import type { Defect } from './defect.ts';
import { admission } from './table/admission.ts';
import { controlPlane } from './table/control-plane.ts';
import { exposure } from './table/exposure.ts';
import { manager } from './table/manager.ts';
import { pki } from './table/pki.ts';
import { stores } from './table/stores.ts';
import { tenants } from './table/tenants.ts';

/** Every defect and weakness that the reference marks, by what it is about. */
export const table: Readonly<Record<string, readonly Defect[]>> = {
  'The control plane’s pods': controlPlane,
  'Keys, certificates and kubeconfigs': pki,
  'Inside the tenant': tenants,
  Exposure: exposure,
  Admission: admission,
  'State, deletion and the manager': manager,
  DataStores: stores,
};
