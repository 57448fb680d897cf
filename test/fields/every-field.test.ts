import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, suite, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { TenantControlPlaneSpec } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { bundlesOf, merged } from './bundles.ts';
import type { Example } from './field.ts';
import { fieldsDocument } from './document.ts';
import type { Reconciled } from './reconciled.ts';
import { reconciled } from './reconciled.ts';
import { pathsIn, specFields } from './spec-fields.ts';
import { table } from './table.ts';

const root = new URL('../../', import.meta.url);
const fields = specFields();
const examples = Object.entries(table).flatMap(([path, field]): [string, Example][] =>
  'sees' in field ? [[path, field]] : [],
);

/** A control plane of which nothing is said but what must be. */
const PLAIN: TenantControlPlaneSpec = {
  dataStore: 'default',
  kubernetes: { version: 'v1.35.4', kubelet: {} },
  controlPlane: { service: { serviceType: 'ClusterIP' } },
  addons: { coreDNS: {}, kubeProxy: {} },
};

/** What comes of control planes without the fields in question, by their specs. */
const plains = new Map<string, Promise<Reconciled>>();

suite('every field of the spec of a TenantControlPlane', () => {
  test('is in the table', () => {
    const whole = examples.filter(([, { whole }]) => whole === true).map(([path]) => path);
    const covered = (leaf: string): boolean =>
      leaf in table || whole.some((path) => leaf.startsWith(`${path}.`) || leaf.startsWith(`${path}[].`));
    assert.deepEqual(
      fields.leaves.filter((leaf) => !covered(leaf)),
      [],
    );
  });

  test('and no other', () => {
    assert.deepEqual(
      Object.keys(table).filter((path) => !fields.all.has(path)),
      [],
    );
  });

  test('is set by its own example, with all that it may contain where it is handed on whole', () => {
    for (const [path, { set, whole = false }] of examples) {
      const present = new Set(pathsIn(set));
      const below = whole ? fields.leaves.filter((leaf) => leaf.startsWith(path) && !(leaf in table)) : [];
      const missing = [path, ...below].filter((wanted) => !present.has(wanted));
      assert.deepEqual(missing, [], path);
    }
  });

  test('has its effect, but for those that are known not to have it yet', () => {
    const pending = Object.entries(table).flatMap(([path, field]) => ('pending' in field ? [path] : []));
    assert.deepEqual(pending, []);
  });

  test('that is shown by a test of its own has such a test', async () => {
    for (const [path, field] of Object.entries(table)) {
      if (!('shownBy' in field)) continue;
      const { file, test: name } = field.shownBy;
      assert.ok((await readFile(new URL(file, root), 'utf8')).includes(name), `${path}: ${name} in ${file}`);
    }
  });

  for (const { given, set, paths } of bundlesOf(examples)) {
    suite(paths.length === 1 ? 'by itself' : `together with ${paths.length - 1} others`, () => {
      let without: Reconciled;
      let having: Reconciled;
      before(async () => {
        const plain = merged(PLAIN, given);
        const key = JSON.stringify(plain);
        const plainResult = plains.get(key) ?? reconciled(plain);
        plains.set(key, plainResult);
        [without, having] = await Promise.all([plainResult, reconciled(merged(plain, set))]);
      });
      for (const [path, { does, sees, is }] of examples.filter(([path]) => paths.includes(path))) {
        test(`${path}: ${does}`, () => {
          assert.deepEqual(sees(having), is);
          assert.ok(!isDeepStrictEqual(sees(without), is), 'it is the same without the field');
        });
      }
    });
  }

  test('is in docs/fields.md, as "npm run generate" writes it', async () => {
    assert.equal(await readFile(new URL('docs/fields.md', root), 'utf8'), fieldsDocument(table));
  });
});
