import { apply, type Kubectl, waitForRollout } from './kubectl.ts';

/** Something that the management cluster needs besides Cluster API: its objects and the workloads to wait for. */
export interface ClusterService {
  readonly name: string;
  readonly namespace: string;
  readonly manifests: string;
  /** `deployment/name`, `daemonset/name`. */
  readonly workloads: readonly string[];
}

const record = 'kamaji-lab';
const rolloutTimeoutSeconds = 180;

/**
 * Installs the service unless it was installed whole before, then waits until its workloads run. The cluster itself
 * remembers what is installed (ConfigMap `kube-system/kamaji-lab`), so the memory goes where the objects go.
 */
export async function ensureService(kubectl: Kubectl, service: ClusterService): Promise<void> {
  if ((await readMark(kubectl, service.name)) === '') {
    await apply(kubectl, service.manifests);
    await writeMark(kubectl, service.name, 'installed');
  }
  await waitForRollout(kubectl, service.namespace, service.workloads, rolloutTimeoutSeconds);
}

/** What was remembered under the key; empty when nothing was. */
export async function readMark(kubectl: Kubectl, key: string): Promise<string> {
  const path = `jsonpath={.data.${key}}`;
  return kubectl(['get', 'configmap', '-n', 'kube-system', record, '--ignore-not-found', '-o', path]);
}

export async function writeMark(kubectl: Kubectl, key: string, value: string): Promise<void> {
  const metadata = { name: record, namespace: 'kube-system' };
  // One field manager per key: each apply then owns its own key and leaves the others alone.
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { [key]: value } };
  const manager = `--field-manager=lab-${key}`;
  await kubectl(['apply', '--server-side', manager, '-f', '-'], JSON.stringify(object));
}
