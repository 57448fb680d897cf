import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { VersionOverridesError, versionOverrides } from './version-overrides.ts';

suite('versions of addons that an installation chooses', () => {
  const accepted: readonly [why: string, data: Record<string, string>, chosen: object][] = [
    ['nothing is chosen', {}, {}],
    ['another minor is meant', { 'v1.34': 'coreDNS: v1.12.4' }, {}],
    ['nothing is chosen for this minor', { 'v1.35': '' }, {}],
    ['some are chosen, the others stay', { 'v1.35': 'coreDNS: v1.13.2' }, { coreDNS: 'v1.13.2' }],
    ['a version is a text, also where YAML sees a number', { 'v1.35': 'pause: 3.10' }, { pause: '3.10' }],
    [
      'all are chosen',
      { 'v1.35': 'coreDNS: a\nkubeProxy: b\nkonnectivity: c\npause: d\n' },
      { coreDNS: 'a', kubeProxy: 'b', konnectivity: 'c', pause: 'd' },
    ],
  ];
  for (const [why, data, chosen] of accepted) {
    test(why, () => assert.deepEqual({ ...versionOverrides(data, 'v1.35.4') }, chosen));
  }

  const refused: readonly [why: string, data: Record<string, string>, says: RegExp][] = [
    ['a key that is no minor', { '1.35': 'coreDNS: v1' }, /key 1\.35 is no minor version such as v1\.35/u],
    ['a key that is a whole version', { 'v1.35.4': '' }, /key v1\.35\.4/u],
    ['an addon that is none', { 'v1.35': 'corednss: v1' }, /key v1\.35 names corednss, which is none of coreDNS/u],
    ['a version that is no image tag', { 'v1.35': 'coreDNS: "a b"' }, /gives coreDNS a version that is no image tag/u],
    ['a version that is a list', { 'v1.35': 'coreDNS: [a]' }, /gives coreDNS a version/u],
    ['an empty version', { 'v1.35': 'coreDNS:' }, /gives coreDNS a version/u],
    ['a list', { 'v1.35': '- coreDNS' }, /key v1\.35 holds no list of addons with their versions/u],
    ['a word', { 'v1.35': 'latest' }, /key v1\.35 holds no/u],
    ['what is no YAML', { 'v1.35': '{' }, /key v1\.35 is no YAML/u],
  ];
  for (const [why, data, says] of refused) {
    test(`refused: ${why}`, () => {
      assert.throws(
        () => versionOverrides(data, 'v1.35.4'),
        (error) => {
          assert.ok(error instanceof VersionOverridesError);
          assert.match(error.message, says);
          return true;
        },
      );
    });
  }
});
