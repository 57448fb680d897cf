import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { parse, stringify } from 'yaml';
import { kubernetesVersion, versions } from '../versions.ts';
import type { ClusterService } from './service.ts';

const namespace = 'cert-manager';
const components = ['cert-manager', 'cert-manager-cainjector', 'cert-manager-webhook'];

/**
 * cert-manager as rendered by Helm from the chart in its Go module. Only where nothing can be pulled: otherwise
 * clusterctl installs its own.
 *
 * @param source folder of the module
 */
export async function certManager(helm: string, source: string, signal: AbortSignal): Promise<ClusterService> {
  const chart = await mkdtemp(join(tmpdir(), 'cert-manager-chart-'));
  try {
    await prepareChart(source, chart);
    const values = {
      installCRDs: true,
      startupapicheck: { enabled: false },
      global: { leaderElection: { namespace } },
    };
    // A Helm that was built from its module believes that it talks to the Kubernetes of its libraries.
    const args = ['template', 'cert-manager', chart, '--namespace', namespace, '--kube-version', kubernetesVersion];
    const { stdout } = await execa(helm, [...args, '--values', '-'], {
      input: stringify(values),
      cancelSignal: signal,
    });
    const manifests = `${stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })}---\n${stdout}`;
    return { name: 'cert-manager', namespace, manifests, workloads: components.map((name) => `deployment/${name}`) };
  } finally {
    await rm(chart, { recursive: true, force: true });
  }
}

/** The module holds the chart as its release tooling wants it: no version yet, and the CRDs beside it. */
async function prepareChart(source: string, chart: string): Promise<void> {
  const version = `v${versions.certManager}`;
  // The module cache is read-only, and so would be a plain copy of it.
  await copyWritable(join(source, 'deploy', 'charts', 'cert-manager'), chart);
  await copyWritable(join(source, 'deploy', 'crds'), join(chart, 'templates', 'crds'));
  const template: unknown = parse(await readFile(join(chart, 'Chart.template.yaml'), 'utf8'));
  const described = { ...(typeof template === 'object' ? template : {}), version, appVersion: version };
  await writeFile(join(chart, 'Chart.yaml'), stringify(described));
}

async function copyWritable(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true, filter: (path) => !path.endsWith('README.md') });
  await execa('chmod', ['-R', 'u+w', to]);
}
