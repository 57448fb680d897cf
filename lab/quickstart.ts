import { checkApplication, deployApplication } from './application.ts';
import type { LabPaths } from './paths.ts';
import type { Stages } from './stages.ts';
import { applyTenant, openTenant, type TenantSpec, waitForControlPlane, waitForNodes } from './tenant.ts';
import { labUp } from './up.ts';
import { table } from './table.ts';

const tenant: TenantSpec = {
  name: 'demo',
  namespace: 'default',
  template: 'cluster-template.yaml',
  controlPlaneReplicas: 1,
  workers: 2,
};

/**
 * From nothing to a tenant cluster with two worker machines and an application on them, with a timeline at the end. Run
 * again it finds what is there and says so faster.
 */
export async function quickstart({ stage, timeline }: Stages): Promise<void> {
  const lab = await labUp(stage);
  const { name, workers } = tenant;
  await stage(`Cluster ${name} applied`, () => applyTenant(lab, tenant));
  await stage(`Control plane of ${name} answers`, (options) => waitForControlPlane(lab, tenant, 300, options));
  const { kubeconfig, kubectl } = await stage(`Kubeconfig of ${name}`, ({ signal }) => openTenant(lab, tenant, signal));
  await stage(`${workers} worker machines joined`, (options) => waitForNodes(kubectl, workers, 300, options));
  await stage('Application runs on them', (options) => deployApplication(kubectl, lab.images, workers, options));
  await stage('Its Service answers, kubectl logs and exec work', (options) => checkApplication(kubectl, options));

  const total = timeline.reduce((sum, { seconds }) => sum + seconds, 0);
  const rows = timeline.map(({ title, seconds }) => [title, seconds.toFixed(1)]);
  console.log(`\n${table(['stage', 'seconds'], [...rows, ['total', total.toFixed(1)]])}\n`);
  console.log(lookAround(lab.paths, kubeconfig));
}

function lookAround({ binDirectory, kubeconfig }: LabPaths, tenantKubeconfig: string): string {
  const { name, namespace } = tenant;
  return `export PATH=${binDirectory}:$PATH

The management cluster:
  export KUBECONFIG=${kubeconfig}
  kubectl get clusters,kamajicontrolplanes,tenantcontrolplanes,machines -n ${namespace}
  clusterctl describe cluster ${name} -n ${namespace} --show-conditions all
  kubectl get pods -n ${namespace}

The tenant cluster:
  export KUBECONFIG=${tenantKubeconfig}
  kubectl get nodes -o wide
  kubectl get pods -A -o wide
  kubectl logs deployment/web
  kubectl exec deployment/web -- hostname

More worker machines:         kubectl scale machinedeployment ${name}-md-0 --replicas 3   (management cluster)
The tenant cluster goes with: kubectl delete cluster ${name}                              (management cluster)
The lab goes with:            make lab-down`;
}
