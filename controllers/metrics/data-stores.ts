import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import type { DataStoreConditionType } from '#api/kamaji/v1alpha1/data-store-conditions.ts';
import type { TenantUsage } from '#datastore/driver.ts';
import type { UsageBook } from '#datastore/usage-book.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import type { SampledGauge } from '#runtime/telemetry/sampled-gauge.ts';

const VALIDATION: DataStoreConditionType = 'kamaji.clastix.io/DataStoreValidation';

/** `kamaji_datastore*`, as upstream has them. */
export function dataStoreGauges(dataStores: () => readonly DataStore[]): readonly SampledGauge[] {
  const name = ({ metadata }: DataStore) => ({ datastore_name: metadata.name ?? '' });
  return [
    {
      name: 'kamaji_datastore_info',
      help: 'What a DataStore is; always 1',
      labelNames: ['datastore_name', 'driver'],
      samples: () =>
        dataStores().map((dataStore) => ({ labels: { ...name(dataStore), driver: dataStore.spec.driver }, value: 1 })),
    },
    {
      name: 'kamaji_datastore_status',
      help: 'State of a DataStore: whether its spec is complete, and whether it is ready; always 1',
      labelNames: ['datastore_name', 'status', 'ready'],
      samples: () =>
        dataStores().map((dataStore) => ({
          labels: {
            ...name(dataStore),
            status: findCondition(dataStore.status?.conditions, VALIDATION)?.status ?? 'Unknown',
            ready: String(isReady(dataStore)),
          },
          value: 1,
        })),
    },
    {
      name: 'kamaji_datastores_current',
      help: 'DataStores, by whether they are ready',
      labelNames: ['datastore_name', 'ready', 'driver'],
      samples: () =>
        dataStores().flatMap((dataStore) =>
          [true, false].map((ready) => ({
            labels: { ...name(dataStore), ready: String(ready), driver: dataStore.spec.driver },
            value: isReady(dataStore) === ready ? 1 : 0,
          })),
        ),
    },
  ];
}

/** Ours: what each tenant was last found to take of each of its DataStores. */
export function usageGauges(usage: UsageBook): readonly SampledGauge[] {
  const labelNames = ['datastore_name', 'tcp_namespace', 'tcp_name'];
  const samples = (value: (usage: TenantUsage) => number) => () =>
    usage.dataStores().flatMap((datastore_name) =>
      [...usage.of(datastore_name)].map(([tenant, measured]) => {
        const [tcp_namespace = '', tcp_name = ''] = tenant.split('/');
        return { labels: { datastore_name, tcp_namespace, tcp_name }, value: value(measured) };
      }),
    );
  return [
    {
      name: 'kamaji_datastore_tenant_keys',
      help: 'Keys of Kubernetes that a tenant has in a DataStore',
      labelNames,
      samples: samples(({ keys }) => keys),
    },
    {
      name: 'kamaji_datastore_tenant_bytes',
      help: 'Bytes that a tenant takes in a DataStore',
      labelNames,
      samples: samples(({ bytes }) => bytes),
    },
  ];
}

function isReady({ status }: DataStore): boolean {
  return status?.ready === true;
}
