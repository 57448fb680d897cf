import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { generatedFiles } from '#config/generated-files.ts';

const root = new URL('../', import.meta.url);
const files = await generatedFiles();

for (const [path, content] of files) {
  test(`${path} is what "npm run generate" writes`, async () => {
    assert.equal(await readFile(new URL(path, root), 'utf8'), content);
  });
}

for (const directory of ['config/crd', 'config/rbac']) {
  test(`${directory} holds nothing else`, async () => {
    const names = (await readdir(new URL(directory, root))).map((name) => `${directory}/${name}`);
    assert.deepEqual(names.toSorted(), [...files.keys()].filter((path) => path.startsWith(`${directory}/`)).toSorted());
  });
}
