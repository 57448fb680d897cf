import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isolationProblemsOf } from './advisories.ts';

suite('known ways around the permissions of an etcd', () => {
  for (const [version, ids] of [
    ['3.6.16', []],
    ['3.6.12', []],
    ['3.6.10', ['CVE-2026-44283']],
    ['3.6.8', ['CVE-2026-33343', 'CVE-2026-33413', 'CVE-2026-44283']],
    ['3.6.0-rc.1', ['CVE-2026-33343', 'CVE-2026-33413', 'CVE-2026-44283']],
    ['3.5.30', []],
    ['3.5.29', ['CVE-2026-44283']],
    ['3.5.9', ['CVE-2026-33343', 'CVE-2026-33413', 'CVE-2026-44283']],
    ['3.4.44', ['CVE-2026-33343', 'CVE-2026-33413']],
    ['3.3.27', ['CVE-2026-33343', 'CVE-2026-33413', 'CVE-2026-44283']],
    ['3.7.0', []],
    ['4.0.0', []],
  ] as const) {
    test(`etcd ${version} has ${ids.length === 0 ? 'none' : ids.join(', ')}`, () => {
      const found = isolationProblemsOf(version).map(({ summary }) => /(?:CVE|GHSA)-[\w-]+/u.exec(summary)?.[0]);
      assert.deepEqual(found, ids);
    });
  }

  test('the remedy names versions that are free of it', () => {
    const [problem] = isolationProblemsOf('3.6.10');
    assert.equal(problem?.remedy, 'upgrade etcd to 3.6.11 or 3.5.30 or 3.4.44 or newer');
  });
});
