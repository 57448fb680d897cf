import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ComponentName, components, dockerfile } from './catalog.ts';
import { componentHash } from './component-images.ts';
import { containerdConfig } from './node-files.ts';

const names = Object.keys(components) as readonly ComponentName[];

test('no two components claim the same name', () => {
  const references = names.flatMap((name) => [components[name].reference, ...(components[name].aliases ?? [])]);
  assert.equal(new Set(references).size, references.length);
});

test('a manager image runs its one binary as a user with a number, so that runAsNonRoot can be checked', () => {
  assert.deepEqual(dockerfile(components['cluster-api-controller']).split('\n'), [
    'FROM scratch',
    'COPY root/ /',
    'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    'USER 65532:65532',
    'ENTRYPOINT ["/manager"]',
    '',
  ]);
});

test('an image without an entrypoint of its own leaves the command to the pod', () => {
  assert.doesNotMatch(dockerfile(components['kube-apiserver']), /ENTRYPOINT|CMD|USER/);
});

test('every component has its own hash', () => {
  assert.equal(new Set(names.map((name) => componentHash(name))).size, names.length);
});

test('containerd runs containers by the stand-in only where it is needed, and starts pods from the pause image', () => {
  assert.match(containerdConfig(true), /BinaryName = "\/usr\/local\/sbin\/runc-shim"/);
  assert.doesNotMatch(containerdConfig(false), /BinaryName/);
  assert.ok(containerdConfig(false).includes(`sandbox_image = "${components.pause.reference}"`));
});
