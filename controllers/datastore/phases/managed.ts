import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import { PkiError } from '#pki/errors.ts';
import type { Applier } from '#runtime/client/applier.ts';
import type { Client } from '#runtime/client/client.ts';
import { ApiError } from '#runtime/client/errors.ts';
import { keyOf } from '#runtime/client/resource.ts';
import type { Finding } from '../finding.ts';
import type { ManagedObjects } from '../gather.ts';
import { belongsTo, managedSettings, type ManagedSettings, ungrantedChange } from '../managed/settings.ts';
import { type Desired, membersFinding, plannedObjects, storageObstacle } from '../plan.ts';
import { ensureCertificates } from './certificates.ts';
import { ForeignObjectError } from './foreign-object.ts';

export interface ManagedInput {
  readonly dataStore: DataStore;
  readonly objects: ManagedObjects;
  readonly client: Client;
  readonly applier: Applier;
  readonly managerNamespace: string;
  readonly now: Date;
}

export interface ManagedOutcome {
  readonly finding: Finding<'ManagedReady'>;
  /** Whether a member may answer. */
  readonly running: boolean;
  /** What the queue should repeat the pass for. */
  readonly error?: Error;
}

/** Brings the objects of a managed store to what its spec says, and tells how far its members are. */
export async function reconcileManaged(input: ManagedInput): Promise<ManagedOutcome> {
  const { dataStore, objects, managerNamespace } = input;
  const settings = managedSettings(dataStore, managerNamespace, objects.statefulSet);
  const running = (objects.statefulSet?.status?.readyReplicas ?? 0) > 0;
  try {
    const authorities = await ensureCertificates({ ...input, settings });
    await Promise.all(plannedObjects(settings, objects, authorities).map((desired) => bring(input, settings, desired)));
  } catch (error) {
    const problem = error instanceof Error ? error : new Error('no error was thrown', { cause: error });
    return { finding: failure(problem), running, ...(isLasting(problem) ? {} : { error: problem }) };
  }
  const finding = storageObstacle(settings, objects) ?? membersFinding(settings, objects);
  const kept = ungrantedChange(dataStore, settings);
  return { finding: kept === undefined ? finding : { ...finding, message: `${finding.message}; ${kept}` }, running };
}

async function bring(
  { client, applier }: ManagedInput,
  settings: ManagedSettings,
  { resource, object, live }: Desired,
): Promise<void> {
  if (live === undefined) {
    const present = await client.get(resource, keyOf(object));
    if (present !== undefined && !belongsTo(present, settings)) {
      throw new ForeignObjectError(resource.kind, settings.namespace, object.metadata?.name ?? '');
    }
  }
  await applier.apply(client, resource, object, live);
}

function failure(error: Error): Finding<'ManagedReady'> {
  const reason = error instanceof ForeignObjectError || error instanceof PkiError ? 'ForeignObject' : 'ApplyFailed';
  const message =
    error instanceof PkiError
      ? `a Secret of this store holds no usable certificate authority (${error.message}): restore it, or delete it to have another made`
      : error.message;
  return { type: 'ManagedReady', status: 'False', reason, message };
}

/** Errors that no repetition heals: looking again with the next probe is enough. */
function isLasting(error: Error): boolean {
  return (
    error instanceof ForeignObjectError || error instanceof PkiError || (error instanceof ApiError && error.isInvalid)
  );
}
