import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import type { RunningTenant } from '#controllers/tenantcontrolplane/running-tenant.fake.ts';
import type { KubeObject } from '#runtime/client/resource.ts';
import { testBinaries } from '../binaries.ts';

/**
 * Puts CoreDNS and kube-proxy into the tenant as upstream does: kubeadm's manifests under its own label, all but the binding
 * owned by the binding (the reference, sections 5.6 and 5.7). The Corefile is left to the caller.
 */
export async function installAddons(tenant: RunningTenant): Promise<void> {
  for (const phase of ['coredns', 'kube-proxy']) {
    const objects = await kubeadmAddon(phase, tenant);
    const binding = objects.find(({ kind }) => kind === 'ClusterRoleBinding');
    const { name = '', ...more } = binding?.metadata ?? {};
    await create(tenant, { ...binding, metadata: { ...more, name, labels } });
    const uid = (await tenant.kubectl(['get', 'clusterrolebinding', name, '-o', 'jsonpath={.metadata.uid}'])).trim();
    const owner = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      name,
      uid,
      controller: true,
    };
    for (const object of objects.filter((one) => one !== binding)) {
      if (phase === 'coredns' && object.kind === 'ConfigMap') continue;
      const { metadata } = object;
      await create(tenant, {
        ...object,
        metadata: { ...metadata, labels: { ...metadata?.labels, ...labels }, ownerReferences: [owner] },
      });
    }
  }
}

const labels = { 'kamaji.clastix.io/project': 'kamaji' };

async function create(tenant: RunningTenant, object: KubeObject): Promise<void> {
  const file = join(tenant.directory, 'object.json');
  await writeFile(file, JSON.stringify(object));
  await tenant.kubectl(['create', '--field-manager=kamaji', '-f', file]);
}

async function kubeadmAddon(phase: string, { directory, server }: RunningTenant): Promise<readonly KubeObject[]> {
  const { kubeadm } = await testBinaries(['kubeadm'], new AbortController().signal);
  const config = join(directory, 'kubeadm.json');
  await writeFile(
    config,
    JSON.stringify({
      apiVersion: 'kubeadm.k8s.io/v1beta4',
      kind: 'ClusterConfiguration',
      kubernetesVersion: 'v1.35.4',
      controlPlaneEndpoint: server.replace('https://', ''),
      networking: { podSubnet: '10.244.0.0/16', serviceSubnet: '10.96.0.0/16' },
    }),
  );
  const args = ['init', 'phase', 'addon', phase, '--print-manifest', `--config=${config}`, '--kubeconfig=/dev/null'];
  const { stdout } = await promisify(execFile)(kubeadm, args);
  return parseAllDocuments(stdout).flatMap((document): readonly KubeObject[] => {
    const object: unknown = document.toJS();
    return isObject(object) ? [object] : [];
  });
}

function isObject(value: unknown): value is KubeObject {
  return typeof value === 'object' && value !== null && 'kind' in value && 'metadata' in value;
}
