import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { versions as pinned } from '#lab/versions.ts';
import packageJson from '../package.json' with { type: 'json' };

/** What a run's figures depend on beside the code. */
export interface Conditions {
  /** RFC 3339 */
  readonly date: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryGiB: number;
    /** Load average of the last minute, before and after: what else ran, then that and the suite itself. */
    readonly loadBefore: number;
    readonly loadAfter: number;
  };
}

/** Begins to observe the conditions; the returned function ends that. */
export async function observeConditions(): Promise<() => Conditions> {
  const date = new Date().toISOString();
  const [loadBefore = 0] = loadavg();
  const versions = {
    project: packageJson.version,
    node: process.versions.node,
    '@kubernetes/client-node': await installed('@kubernetes/client-node'),
    undici: await installed('undici'),
    'node-forge': await installed('node-forge'),
    'kube-apiserver': pinned.kubernetes,
    etcd: pinned.etcd,
  };
  return () => {
    const [loadAfter = 0] = loadavg();
    return {
      date,
      versions,
      machine: {
        cpu: cpus()[0]?.model.trim() ?? 'unknown',
        cores: availableParallelism(),
        memoryGiB: Math.round(totalmem() / 2 ** 30),
        loadBefore,
        loadAfter,
      },
    };
  };
}

async function installed(name: string): Promise<string> {
  const path = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  const content: unknown = JSON.parse(await readFile(path, 'utf8'));
  return typeof content === 'object' && content !== null && 'version' in content ? String(content.version) : 'unknown';
}
