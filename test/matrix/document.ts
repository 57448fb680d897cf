/** What came of one test. */
export interface Result {
  /** Its suites, from outside in, and its own. */
  readonly names: readonly string[];
  readonly passed: boolean;
  /** Whether it needed the lab. */
  readonly onLab: boolean;
}

/** The results of a run in Markdown, with its day. */
export function versionsDocument(results: readonly Result[], at: Date): string {
  const joins = results.filter(({ onLab }) => !onLab);
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
    ...joins.map(({ names, passed }) => {
      const [first = '', ...more] = names;
      const name = more.at(-1) ?? '';
      return `| ${first} | ${more.slice(0, -1).join(', ')} | ${name} | ${passed ? 'passed' : '**failed**'} |`;
    }),
    '',
    '## On the lab',
    '',
    'What takes too long there for every `make test`.',
    '',
    '| Suite | Test | Result |',
    '|---|---|---|',
    ...results
      .filter(({ onLab }) => onLab)
      .map(
        ({ names, passed }) =>
          `| ${names.slice(0, -1).join(', ')} | ${names.at(-1) ?? ''} | ${passed ? 'passed' : '**failed**'} |`,
      ),
    '',
  ].join('\n');
}
