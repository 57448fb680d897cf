import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import { labels, PROJECT } from '#api/labels.ts';
import { MANAGED_LABEL, type ManagedNames, managedNames, managedPodLabels } from '#datastore/managed.ts';
import type { StatefulSet } from '#runtime/client/builtin.ts';
import type { KubeObject, ObjectKey } from '#runtime/client/resource.ts';

/** The image of managed stores whose spec names none: the release that the driver's tests run against. */
export const DEFAULT_ETCD_IMAGE = 'registry.k8s.io/etcd:3.6.16-0';

/** Size of a member's volume whose spec names none. */
export const DEFAULT_STORAGE_SIZE = '10Gi';

/** On every object of a managed store: the name of the DataStore, which may be too long for a label. */
export const DATA_STORE_ANNOTATION = 'kamaji.clastix.io/datastore';

/** Everything that the objects of one managed store are made from. */
export interface ManagedSettings {
  readonly dataStoreName: string;
  readonly namespace: string;
  readonly names: ManagedNames;
  readonly replicas: number;
  readonly ephemeral: boolean;
  readonly storageSize: string;
  readonly storageClassName: string | undefined;
  readonly image: string;
  readonly resources: NonNullable<NonNullable<DataStore['spec']['managed']>['resources']> | undefined;
}

/**
 * The settings of a DataStore with `spec.managed`. What a running etcd cannot change, the number of its members and its kind of storage,
 * stays as the StatefulSet already has it.
 */
export function managedSettings(
  dataStore: DataStore,
  namespace: string,
  live: StatefulSet | undefined,
): ManagedSettings {
  const managed = dataStore.spec.managed ?? {};
  const claim = live?.spec?.volumeClaimTemplates?.[0]?.spec;
  const dataStoreName = dataStore.metadata.name ?? '';
  return {
    dataStoreName,
    namespace,
    names: managedNames(dataStoreName),
    replicas: live?.spec?.replicas ?? managed.replicas ?? 1,
    ephemeral: live?.spec === undefined ? managed.ephemeral === true : claim === undefined,
    storageSize: String(claim?.resources?.requests?.['storage'] ?? managed.storage?.size ?? DEFAULT_STORAGE_SIZE),
    storageClassName: claim === undefined ? managed.storage?.storageClassName : claim.storageClassName,
    image: managed.image ?? DEFAULT_ETCD_IMAGE,
    resources: managed.resources,
  };
}

/** What the spec asks for and {@link managedSettings} does not grant; undefined when nothing. */
export function ungrantedChange(dataStore: DataStore, settings: ManagedSettings): string | undefined {
  const { replicas = 1, ephemeral = false, storage } = dataStore.spec.managed ?? {};
  const changes = [
    ...(replicas === settings.replicas ? [] : [`replicas stays ${settings.replicas}`]),
    ...(ephemeral === settings.ephemeral ? [] : [`ephemeral stays ${settings.ephemeral}`]),
    ...(storage?.size === undefined || settings.ephemeral || String(storage.size) === settings.storageSize
      ? []
      : [`storage.size stays ${settings.storageSize}`]),
    ...(storage?.storageClassName === undefined || storage.storageClassName === settings.storageClassName
      ? []
      : [`storage.storageClassName stays ${settings.storageClassName ?? ''}`]),
  ];
  return changes.length === 0 ? undefined : `a running etcd keeps its members and volumes: ${changes.join(', ')}`;
}

/** Metadata of an object of the store. No owner: nothing but the deletion of the DataStore may take it away. */
export function managedMetadata(settings: ManagedSettings, name: string) {
  return {
    name,
    namespace: settings.namespace,
    labels: { ...managedPodLabels(settings.dataStoreName), [labels.project]: PROJECT, [labels.component]: 'datastore' },
    annotations: { [DATA_STORE_ANNOTATION]: settings.dataStoreName },
  };
}

/** Whether an object was made for this store. */
export function belongsTo(object: KubeObject, settings: Pick<ManagedSettings, 'names'>): boolean {
  return object.metadata?.labels?.[MANAGED_LABEL] === settings.names.base;
}

/** The DataStore that an object of a managed store belongs to, as keys for the queue. */
export function dataStoreKeys(object: KubeObject): readonly ObjectKey[] {
  const name = object.metadata?.annotations?.[DATA_STORE_ANNOTATION];
  return name === undefined || object.metadata?.labels?.[MANAGED_LABEL] === undefined ? [] : [{ name }];
}

/** DNS name of each member, in order. */
export function memberHosts({ names, namespace, replicas }: ManagedSettings): readonly string[] {
  return Array.from({ length: replicas }, (_, ordinal) => `${names.base}-${ordinal}.${names.peers}.${namespace}.svc`);
}
