import { kamajiControlPlaneCrd } from './controlplane/v1alpha2/kamaji-control-plane.ts';
import { kamajiControlPlaneTemplateCrd } from './controlplane/v1alpha2/kamaji-control-plane-template.ts';
import { dataStoreCrd } from './kamaji/v1alpha1/data-store.ts';
import { kubeconfigGeneratorCrd } from './kamaji/v1alpha1/kubeconfig-generator.ts';
import { tenantControlPlaneCrd } from './kamaji/v1alpha1/tenant-control-plane.ts';

/** Every CustomResourceDefinition of this project. Loads the schemas: not for controllers. */
export const customResourceDefinitions = Object.freeze([
  tenantControlPlaneCrd,
  dataStoreCrd,
  kubeconfigGeneratorCrd,
  kamajiControlPlaneCrd,
  kamajiControlPlaneTemplateCrd,
]);
