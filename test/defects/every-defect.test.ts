import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { suite, test } from 'node:test';
import { importsOf } from '../import-rules.ts';
import { defectsDocument } from './document.ts';
import { table } from './table.ts';

const root = new URL('../../', import.meta.url);
const defects = Object.values(table).flat();

suite('upstream’s defects', () => {
  test('that are said to be absent have tests that show it', async () => {
    for (const { upstream, shownBy, missing } of defects) {
      assert.ok(shownBy.length > 0 || missing !== undefined, upstream);
      for (const [file, name] of shownBy) {
        assert.ok((await readFile(new URL(file, root), 'utf8')).includes(name), `${upstream}: ${name} in ${file}`);
      }
    }
  });

  test('are in docs/upstream-defects.md, as "npm run generate" writes it', async () => {
    assert.equal(await readFile(new URL('docs/upstream-defects.md', root), 'utf8'), defectsDocument(table));
  });
});

// Upstream leaves kubeconfigs of administrators in /tmp.
test('nothing of the manager writes files', async () => {
  const rooms = [
    'admission',
    'addons',
    'bootstrap',
    'controllers',
    'controlplane',
    'datastore',
    'pki',
    'runtime',
    'tenant',
  ];
  const files = ['main.ts', ...rooms.flatMap((room) => globSync(`${room}/**/*.ts`, { cwd: root.pathname }))].filter(
    (file) => !/\.(?:test|fake)\.ts$/u.test(file),
  );
  assert.ok(files.length > 100);
  for (const file of files) {
    const source = await readFile(new URL(file, root), 'utf8');
    const imports = importsOf(file, source).map(({ specifier }) => specifier);
    if (!imports.some((specifier) => /^(?:node:)?fs(?:\/promises)?$/u.test(specifier))) continue;
    assert.doesNotMatch(source, /\b(?:writeFile|appendFile|mkdir|mkdtemp|createWriteStream|openSync)/u, file);
  }
});
