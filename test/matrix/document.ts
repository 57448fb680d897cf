import { versions } from '#lab/versions.ts';

/** What is tried: nodes of older Kubernetes, core of an older Cluster API, or what takes long on the lab. */
export type Part = 'joins' | 'core' | 'lab';

/** What came of one test. */
export interface Result {
  /** Its suites, from outside in, and its own. */
  readonly names: readonly string[];
  readonly passed: boolean;
  readonly part: Part;
}

/** The results of a run in Markdown, with its day. */
export function versionsDocument(results: readonly Result[], at: Date): string {
  const rowsOf = (part: Part, row: (result: Result) => string): readonly string[] =>
    results.filter((result) => result.part === part).map(row);
  const bySuite = ({ names, passed }: Result): string =>
    `| ${names.slice(0, -1).join(', ')} | ${names.at(-1) ?? ''} | ${said(passed)} |`;
  const failed = results.filter(({ passed }) => !passed).length;
  return [
    '<!-- Written by `make test-matrix`; do not edit. -->',
    '# Versions that were tried together',
    '',
    'Real programs of each version, as processes without containers: the control plane with the arguments and files that its pods',
    'have; `kubeadm join --dry-run`, which asks the control plane all that a join asks; a kubelet up to its certificate.',
    'What they do with containers is tried by `make test` on the lab, with the newest version only.',
    '',
    `Last run on ${at.toISOString().slice(0, 10)}: ${results.length - failed} passed, ${failed} failed.`,
    '',
    '| Control plane | Node | Test | Result |',
    '|---|---|---|---|',
    ...rowsOf('joins', ({ names: [first = '', ...more], passed }) => {
      return `| ${first} | ${more.slice(0, -1).join(', ')} | ${more.at(-1) ?? ''} | ${said(passed)} |`;
    }),
    '',
    `## Cluster API ${versions.olderClusterApi}`,
    '',
    `The minor before ${versions.clusterApi}, with which \`make test\` runs the same tests. Core as a process, by itself.`,
    '',
    '| Suite | Test | Result |',
    '|---|---|---|',
    ...rowsOf('core', bySuite),
    '',
    '## On the lab',
    '',
    'What takes too long there for every `make test`.',
    '',
    '| Suite | Test | Result |',
    '|---|---|---|',
    ...rowsOf('lab', bySuite),
    '',
  ].join('\n');
}

function said(passed: boolean): string {
  return passed ? 'passed' : '**failed**';
}
