import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dataStores } from '#api/kinds.ts';
import { openEtcd } from '#datastore/etcd/driver.ts';
import { namespaces, nodes } from '#runtime/client/builtin.ts';
import { testBinaries } from '../binaries.ts';
import { type Program, guard, startProgram } from '../child-processes.ts';
import { type ControlPlane, startControlPlane } from '../control-plane.ts';
import { installCrds } from '../install-crds.ts';
import { type TlsEtcd, startTlsEtcd } from '../tls-etcd.ts';
import { stages } from './stages.ts';

/** Who the manager is: nobody else writes under this name, so that the audit log holds its writes alone. */
const MANAGER = 'system:serviceaccount:kamaji-system:kamaji-controller-manager';
export const MANAGER_NAMESPACE = 'kamaji-system';
/** The DataStore of all tenants. */
export const STORE = 'store';
/** Tenants are spread over these. */
export const tenantNamespaces: readonly string[] = Array.from({ length: 10 }, (_, n) => `team-${n}`);

/** A management cluster that runs pods of any number without running a container. */
export interface ManagementCluster extends AsyncDisposable {
  readonly controlPlane: ControlPlane;
  readonly store: TlsEtcd;
}

const controllers = [
  'deployment-controller',
  'replicaset-controller',
  'disruption-controller',
  'endpointslice-controller',
  'garbage-collector-controller',
  'namespace-controller',
];

/**
 * Real etcd, kube-apiserver, kube-controller-manager and kube-scheduler, with KWOK in the place of kubelets and a real etcd as
 * the tenants' store. Cluster IPs are loopback addresses, so that what listens there on this machine stands for a Service.
 */
export async function startManagementCluster(signal: AbortSignal): Promise<ManagementCluster> {
  const binaries = await testBinaries(['kube-scheduler', 'kwok'], signal);
  const [controlPlane, store] = await Promise.all([
    startControlPlane({
      signal,
      auditPolicy,
      controllers,
      extraArgs: [
        '--service-cluster-ip-range=127.64.0.0/12',
        // Nobody runs here who takes the taint of a new node away.
        '--disable-admission-plugins=ServiceAccount,TaintNodesByCondition',
      ],
    }),
    startTlsEtcd(),
  ]);
  const programs: Program[] = [];
  let release = (): void => {};
  const stop = async (): Promise<void> => {
    await Promise.all(programs.map((program) => program.end({ signal: 'SIGKILL' })));
    release();
    await Promise.all([controlPlane.stop(), store.stop()]);
  };
  try {
    await prepare(controlPlane, store, signal);
    const { directory, kubeconfigPath } = controlPlane;
    const stagesPath = join(directory, 'stages.yaml');
    // JSON is YAML.
    await writeFile(stagesPath, stages.map((stage) => JSON.stringify(stage)).join('\n---\n'));
    const commands = {
      'kube-scheduler': [
        `--kubeconfig=${kubeconfigPath}`,
        '--leader-elect=false',
        '--secure-port=0',
        '--kube-api-qps=1000',
        '--kube-api-burst=1000',
      ],
      kwok: [`--kubeconfig=${kubeconfigPath}`, '--manage-all-nodes=true', `--config=${stagesPath}`],
    };
    for (const name of ['kube-scheduler', 'kwok'] as const) {
      programs.push(await startProgram(name, binaries[name], commands[name], join(directory, `${name}.log`)));
    }
    release = guard(
      programs.map(({ pid }) => pid),
      directory,
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { controlPlane, store, [Symbol.asyncDispose]: stop };
}

async function prepare(controlPlane: ControlPlane, store: TlsEtcd, signal: AbortSignal): Promise<void> {
  const { client } = controlPlane;
  const { certificatePem: certificate, privateKeyPem: key } = await store.client('root');
  const { authority, endpoint } = store;
  const driver = openEtcd({
    driver: 'etcd',
    endpoints: [endpoint],
    tls: { ca: authority.certificatePem, client: { certificate, key } },
    fingerprint: '',
  });
  await driver.initialize?.('simulated-fleet', signal);
  driver.close();
  await installCrds(controlPlane);
  for (const name of [MANAGER_NAMESPACE, ...tenantNamespaces]) {
    await client.create(namespaces, { metadata: { name } }, { signal });
  }
  for (let n = 0; n < 20; n++) {
    const name = `node-${n}`;
    await client.create(nodes, { metadata: { name, labels: { 'kubernetes.io/hostname': name } } }, { signal });
  }
  const inline = (text: string) => ({ content: Buffer.from(text).toString('base64') });
  await client.create(
    dataStores,
    {
      apiVersion: 'kamaji.clastix.io/v1alpha1',
      kind: 'DataStore',
      metadata: { name: STORE },
      spec: {
        driver: 'etcd',
        endpoints: [endpoint],
        tlsConfig: {
          certificateAuthority: {
            certificate: inline(authority.certificatePem),
            privateKey: inline(authority.privateKeyPem),
          },
          clientCertificate: { certificate: inline(certificate), privateKey: inline(key) },
        },
      },
    },
    { signal },
  );
}

const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'Metadata', users: [MANAGER], verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'] },
    { level: 'None' },
  ],
};
