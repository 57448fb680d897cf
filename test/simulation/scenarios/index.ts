import { exposedTenant, generatedKubeconfigs } from './access.ts';
import { editedByPeople, pausedTenant, renewal, rotation, sleepingTenant, switchedAddons } from './changes.ts';
import { clusterLife, everyInfrastructure, pausedCluster } from './clusters.ts';
import type { Scenario } from './scenario.ts';
import { storeDeletedInUse, storeOfThree, tenantOnManagedStore } from './stores.ts';
import { briefTenant, deletedInMidCreation, tenantOnGivenStore, twoTenants } from './tenant.ts';

/** Every scenario. */
export const scenarios: readonly Scenario[] = [
  briefTenant,
  tenantOnGivenStore,
  twoTenants,
  deletedInMidCreation,
  tenantOnManagedStore,
  storeOfThree,
  storeDeletedInUse,
  pausedTenant,
  sleepingTenant,
  switchedAddons,
  rotation,
  renewal,
  editedByPeople,
  exposedTenant,
  generatedKubeconfigs,
  clusterLife,
  pausedCluster,
  everyInfrastructure,
];
