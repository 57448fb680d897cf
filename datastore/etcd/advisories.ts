import type { IsolationProblem } from '../driver.ts';

/**
 * Known ways around etcd's permissions that a server of that version has and that a tenant could use. GHSA-xg4h-6gfc-h4m8 (watch from
 * an exact key that one may read) is none of them: roles of tenants grant ranges, never single keys.
 */
export function isolationProblemsOf(version: string): readonly IsolationProblem[] {
  const parsed = /^(\d+)\.(\d+)\.(\d+)/u.exec(version);
  if (parsed === null) return [];
  const [major, minor, patch] = [Number(parsed[1]), Number(parsed[2]), Number(parsed[3])];
  return advisories
    .filter(({ fixed }) => {
      const first = fixed.find(([line]) => line === minor)?.[1];
      if (first !== undefined) return major === 3 && patch < first;
      // A line that is none of those with a fix: older ones never got it, newer ones began with it.
      return major < 3 || (major === 3 && minor < Math.min(...fixed.map(([line]) => line)));
    })
    .map(({ id, hole, fixed }) => ({
      summary: `etcd ${version} has ${id}: ${hole}`,
      remedy: `upgrade etcd to ${fixed.map(([line, first]) => `3.${line}.${first}`).join(' or ')} or newer`,
    }));
}

interface Advisory {
  readonly id: string;
  /** What any tenant can do. */
  readonly hole: string;
  /** Lines of etcd 3 with the first patch release that is free of it. */
  readonly fixed: readonly (readonly [minor: number, patch: number])[];
}

const advisories: readonly Advisory[] = [
  {
    id: 'CVE-2026-33343',
    hole: 'nested transactions pass every check of permissions, so that a tenant reads and writes keys of all others',
    fixed: [
      [6, 9],
      [5, 28],
    ],
  },
  {
    id: 'CVE-2026-33413',
    hole: 'alarms, leases and members may be asked for and changed without any permission, so that a tenant stops the store for all',
    fixed: [
      [6, 9],
      [5, 28],
    ],
  },
  {
    id: 'CVE-2026-44283',
    hole: 'a put within a transaction returns previous values and attaches leases without permission, so that a tenant reads or removes keys of others',
    fixed: [
      [6, 11],
      [5, 30],
      [4, 44],
    ],
  },
];
