import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { importsOf, violation } from './import-rules.ts';

const root = new URL('..', import.meta.url).pathname;
const exclude = ['node_modules/**', 'dist/**', '.*/**'];

test('every import follows an arrow of the design', () => {
  const files = globSync('**/*.ts', { cwd: root, exclude });
  assert.ok(files.length > 0);
  const violations = files
    .toSorted()
    .flatMap((file) => importsOf(file, readFileSync(`${root}${file}`, 'utf8')))
    .map((one) => violation(one))
    .filter((sentence) => sentence !== undefined);
  assert.deepEqual(violations, []);
});

suite('import rules', () => {
  const cases: readonly [reason: string, file: string, statement: string, forbidden?: RegExp][] = [
    ['a room imports itself relatively', 'runtime/cache/store.ts', "import { a } from '../clock.ts'"],
    ['a room does not name itself', 'runtime/cache/store.ts', "import { a } from '#runtime/clock.ts'", /relative/],
    ['a crossing is visible', 'tenant/pool.ts', "import { a } from '../runtime/client/x.ts'", /#runtime/],
    [
      'the runtime knows nothing of Kamaji',
      'runtime/manager/x.ts',
      "import type { A } from '#api/a.ts'",
      /no other room/,
    ],
    ['tenant uses the client', 'tenant/pool.ts', "import { a } from '#runtime/client/transport.ts'"],
    ['tenant uses no controller machinery', 'tenant/pool.ts', "import { a } from '#runtime/controller/q.ts'", /only/],
    ['control planes see types of the API', 'controlplane/service.ts', "import type { A } from '#api/kamaji/a.ts'"],
    ['control planes load no schema', 'controlplane/service.ts', "import { a } from '#api/kamaji/a.ts'", /types/],
    ['control planes may name labels', 'controlplane/service.ts', "import { labels } from '#api/labels.ts'"],
    ['pure rooms do no I/O', 'addons/coredns.ts', "import { readFile } from 'node:fs/promises'", /package node:fs/],
    ['controllers keep apart', 'controllers/a/index.ts', "import { b } from '../b/plan.ts'", /each other/],
    ['a controller imports its own phases', 'controllers/a/index.ts', "import { b } from './phases/b.ts'"],
    ['config collects RBAC', 'config/rbac.ts', "import { rules } from '#controllers/a/rbac.ts'"],
    ['config sees nothing else of controllers', 'config/rbac.ts', "import { a } from '#controllers/a/plan.ts'", /only/],
    [
      'client-node runs in the client',
      'runtime/client/kubeconfig.ts',
      "import { KubeConfig } from '@kubernetes/client-node'",
    ],
    [
      'client-node runs nowhere else',
      'runtime/cache/a.ts',
      "import { A } from '@kubernetes/client-node'",
      /runtime\/client/,
    ],
    ['client-node types are free', 'controlplane/a.ts', "import type { V1Pod } from '@kubernetes/client-node'"],
    ['inline type specifiers still load the module', 'pki/a.ts', "import { type A } from '#api/a.ts'", /no other room/],
    ['the lab stands alone', 'lab/cluster/a.ts', "import { a } from '#api/labels.ts'", /no other room/],
    ['nobody imports the lab', 'tenant/a.ts', "import { a } from '#lab/paths.ts'", /not lab/],
    ['end-to-end tests use the lab', 'e2e/a.ts', "import { a } from '#lab/paths.ts'"],
    ['end-to-end tests use the harness', 'e2e/a.ts', "import { a } from '#test/etcd-contents.ts'"],
    ['benchmarks measure the runtime', 'bench/a.ts', "import { a } from '#runtime/cache/cache.ts'"],
    ['benchmarks run the rival', 'bench/a.ts', "import { KubeConfig } from '@kubernetes/client-node'"],
    ['nobody imports benchmarks', 'lab/a.ts', "import { a } from '#bench/figure.ts'", /no other room/],
    ['nobody imports main', 'test/a.ts', "import '../main.ts'", /main/],
    ['nobody imports what belongs to main', 'tenant/a.ts', "import { a } from '../flags.ts'", /main/],
    ['main has files of its own', 'main.ts', "import { a } from './flags.ts'"],
    ['so has their test', 'flags.test.ts', "import { a } from './flags.ts'"],
    ['a file beside main follows its rules', 'flags.ts', "import { a } from '#config/rbac.ts'", /only/],
    ['tests beside the code use anything', 'pki/a.test.ts', "import { a } from '#test/control-plane.ts'"],
    [
      'test doubles stay in tests',
      'runtime/manager/a.ts',
      "import { FakeClock } from '../clock.fake.ts'",
      /tests only/,
    ],
    ['re-exports count', 'addons/a.ts', "export { a } from '#runtime/clock.ts'", /only/],
    ['dynamic imports count', 'addons/a.ts', "const a = await import('#runtime/clock.ts')", /only/],
    ['statements over several lines count', 'addons/a.ts', "import {\n  a,\n} from '#runtime/clock.ts'", /only/],
  ];
  for (const [reason, file, statement, forbidden] of cases) {
    test(reason, () => {
      const [one, ...others] = importsOf(file, `${statement};\n`);
      assert.ok(one !== undefined && others.length === 0);
      const sentence = violation(one);
      if (forbidden === undefined) assert.equal(sentence, undefined);
      else assert.match(sentence ?? '', forbidden);
    });
  }
});
