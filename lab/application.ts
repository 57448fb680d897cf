import { apply, type Kubectl, waitForRollout } from './cluster/kubectl.ts';
import type { LabImages } from './images/ensure-images.ts';
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
  const list = await kubectl([
    'get',
    'pods',
    '-n',
    namespace,
    '-l',
    `app=${name}`,
    '-o',
    'jsonpath={.items[*].metadata.name}',
  ]);
  const pods = list.split(' ');
  const [client = ''] = pods;
  const answered = new Set<string>();
  await waitFor(
    'answers of every pod over the Service',
    60,
    async (): Promise<Look<true>> => {
      for (let request = 0; request < 4 * pods.length; request += 1) {
        answered.add(await askService(kubectl, client));
      }
      const silent = pods.filter((pod) => !answered.has(pod));
      return silent.length === 0 ? { value: true } : { missing: `no answer yet from ${silent.join(', ')}` };
    },
    options,
  );
  for (const pod of pods) await kubectl(['logs', '-n', namespace, pod]);
}

async function askService(kubectl: Kubectl, client: string): Promise<string> {
  const url = `http://${name}.${namespace}.svc/hostname`;
  return (await kubectl(['exec', '-n', namespace, client, '--', 'wget', '-q', '-O', '-', '-T', '5', url])).trim();
}
