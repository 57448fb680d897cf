import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { tenantControlPlaneConditions } from '#api/kamaji/v1alpha1/tenant-control-plane-conditions.ts';

const root = new URL('..', import.meta.url).pathname;
const itself = 'test/condition-reasons.test.ts';

function textOf(files: readonly string[]): string {
  return files.map((file) => readFileSync(`${root}${file}`, 'utf8')).join('\n');
}

suite('every reason that the API has for a condition of a TenantControlPlane', () => {
  const ofController = globSync('controllers/tenantcontrolplane/**/*.ts', { cwd: root });
  const isTest = (file: string): boolean => /\.(?:test|fake)\.ts$/u.test(file);
  const produced = textOf(ofController.filter((file) => !isTest(file)));
  const tests = globSync('{controllers/tenantcontrolplane,admission,test,e2e}/**/*.{test,e2e}.ts', { cwd: root });
  const tested = textOf(tests.filter((file) => file !== itself));

  for (const [type, reasons] of Object.entries(tenantControlPlaneConditions)) {
    for (const reason of reasons) {
      test(`${type}: ${reason}`, () => {
        const word = new RegExp(`\\b${reason}\\b`, 'u');
        assert.match(produced, word, 'nothing says it');
        assert.match(tested, word, 'no test sees it');
      });
    }
  }
});
