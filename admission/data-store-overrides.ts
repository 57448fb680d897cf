import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { annotations } from '#api/labels.ts';

/**
 * What is wrong with `spec.dataStoreOverrides`, or with a change of it: a store that is none or of another kind, or a change on a control plane that
 * has data, after which its API server would no longer find what it stored before.
 */
export function overrideFlaws(
  object: TenantControlPlane,
  old: TenantControlPlane | undefined,
  dataStores: readonly DataStore[],
): readonly string[] {
  if (old !== undefined && overridesOf(object) === overridesOf(old)) return [];
  const moved = movesData(object, old);
  return [...(moved === undefined ? [] : [moved]), ...storeFlaws(object, dataStores)];
}

function storeFlaws({ spec }: TenantControlPlane, dataStores: readonly DataStore[]): readonly string[] {
  const overrides = spec.dataStoreOverrides ?? [];
  const find = (name: string | undefined) => dataStores.find(({ metadata }) => metadata.name === name);
  const flaws = [...new Set(overrides.map(({ dataStore }) => dataStore ?? ''))].flatMap((name) => {
    const driver = find(name)?.spec.driver;
    if (driver === undefined)
      return [`spec.dataStoreOverrides: there is no DataStore ${name}: create it first, or name another one`];
    return driver === 'etcd'
      ? []
      : [`spec.dataStoreOverrides: DataStore ${name} has driver ${driver}: only an etcd can hold single resources`];
  });
  const main = find(spec.dataStore)?.spec.driver;
  return overrides.length === 0 || main === undefined || main === 'etcd'
    ? flaws
    : [
        ...flaws,
        `spec.dataStoreOverrides needs an etcd in spec.dataStore too, and DataStore ${spec.dataStore ?? ''} has driver ${main}: leave the overrides out`,
      ];
}

function movesData(object: TenantControlPlane, old: TenantControlPlane | undefined): string | undefined {
  if (old?.status?.storage?.setup?.schema === undefined) return undefined;
  if (object.metadata.annotations?.[annotations.acceptOverrideChange] === 'true') return undefined;
  return (
    'spec.dataStoreOverrides cannot change on a control plane that has data: what it stored stays where it is and would no longer be found. ' +
    `If that is meant, set the annotation ${annotations.acceptOverrideChange}=true; what is left behind has to be removed by hand`
  );
}

/** By resource, since the order says nothing. */
function overridesOf({ spec }: TenantControlPlane): string {
  const pairs = (spec.dataStoreOverrides ?? []).map(({ resource = '', dataStore = '' }) => `${resource} ${dataStore}`);
  return pairs.toSorted().join('\n');
}
