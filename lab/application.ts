import { apply, type Kubectl, waitForRollout } from './cluster/kubectl.ts';
import type { LabImages } from './images/ensure-images.ts';
import { LabError } from './lab-error.ts';
import type { StepOptions } from './progress.ts';
import { type Look, waitFor } from './wait.ts';

const name = 'web';
const namespace = 'default';
const port = 8080;

/** A small web server on as many nodes as asked, with a Service before it; waits until it runs on each of them. */
export async function deployApplication(
  kubectl: Kubectl,
  images: LabImages,
  replicas: number,
  { report }: StepOptions,
): Promise<void> {
  const labels = { app: name };
  const metadata = { name, namespace };
  const container = {
    name,
    image: images.components.agnhost,
    imagePullPolicy: 'IfNotPresent',
    args: ['netexec', `--http-port=${port}`],
    ports: [{ containerPort: port }],
    readinessProbe: { httpGet: { path: '/hostname', port }, periodSeconds: 1 },
  };
  const spread = {
    maxSkew: 1,
    topologyKey: 'kubernetes.io/hostname',
    whenUnsatisfiable: 'DoNotSchedule',
    labelSelector: { matchLabels: labels },
  };
  const spec = { terminationGracePeriodSeconds: 1, topologySpreadConstraints: [spread], containers: [container] };
  await apply(kubectl, [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: labels, ports: [{ port: 80, targetPort: port }] },
    },
  ]);
  report('waiting for its pods');
  await waitForRollout(kubectl, namespace, [`deployment/${name}`], 180);
}

/**
 * Sees that every pod answers behind the Service's name, asked from inside another pod, and that logs and exec reach the
 * nodes.
 */
export async function checkApplication(kubectl: Kubectl, options: StepOptions): Promise<void> {
  const selection = ['pods', '-n', namespace, '-l', `app=${name}`, '--field-selector=status.phase=Running'];
  const pods = (await kubectl(['get', ...selection, '-o', 'jsonpath={.items[*].metadata.name}'])).split(' ');
  const [client = ''] = pods;
  const look = async (): Promise<Look<true>> => {
    const answers = await askService(kubectl, client, 8 * pods.length);
    const silent = pods.filter((pod) => !answers.includes(pod));
    return silent.length === 0 ? { value: true } : { missing: `no answer yet from ${silent.join(', ')}: ${answers}` };
  };
  await waitFor('answers of every pod over the Service', 90, look, options);
  for (const pod of pods) {
    await kubectl(['logs', '-n', namespace, pod, '--tail=1']);
    const inside = (await kubectl(['exec', '-n', namespace, pod, '--', 'hostname'])).trim();
    if (inside !== pod) throw new LabError('ClusterFailed', `kubectl exec in ${pod} ended up in ${inside}`);
  }
}

/** Has one pod ask the Service by its DNS name, several times; answers what came back (agnhost's `/dial`). */
async function askService(kubectl: Kubectl, client: string, tries: number): Promise<string> {
  const query = `host=${name}.${namespace}.svc&port=80&protocol=http&request=hostname&tries=${tries}`;
  return kubectl(['get', '--raw', `/api/v1/namespaces/${namespace}/pods/${client}:${port}/proxy/dial?${query}`]);
}
