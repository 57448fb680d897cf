import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { KubeconfigGeneratorSpec } from '#api/kamaji/v1alpha1/kubeconfig-generator.ts';
import { generator, tenant } from './objects.fake.ts';
import { subjectFor } from './subject.ts';

const demo = tenant({
  namespace: 'red',
  name: 'demo',
  annotations: { team: 'system:masters', role: 'kubeadm:cluster-admins' },
});

const subject = (spec: Partial<KubeconfigGeneratorSpec>) => subjectFor(generator('gen', spec), demo);
const message = (path: string): string => {
  const answer = subject({ groups: [{ stringValue: 'fine' }, { fromDefinition: path }] });
  assert.ok('reason' in answer, JSON.stringify(answer));
  assert.equal(answer.reason, 'ValueNotFound');
  return answer.message;
};

suite('user and groups of a kubeconfig', () => {
  test('come from the generator or from the tenant; each group counts once', () => {
    const groups = [
      { stringValue: 'monitoring' },
      { fromDefinition: 'metadata.namespace' },
      { stringValue: 'red' },
      { fromDefinition: 'spec.kubernetes.version' },
    ];
    assert.deepEqual(subject({ user: { fromDefinition: 'metadata.name' }, groups }), {
      user: 'demo',
      groups: ['monitoring', 'red', 'v1.35.4'],
    });
    assert.deepEqual(subject({ user: { stringValue: 'alice' } }), { user: 'alice', groups: [] });
  });

  test('a path that leads nowhere is named, with the place where it ends', () => {
    assert.match(
      message('metadata.nme'),
      /spec\.groups\[1\]\.fromDefinition 'metadata\.nme': the TenantControlPlane has no 'metadata\.nme'/u,
    );
    assert.match(message('metadata.name.first'), /metadata\.name is a string and has no members/u);
    assert.match(message('spec.kubernetes'), /spec\.kubernetes is an object, not a string/u);
    assert.match(message('.metadata.name'), /has no ''/u);
    assert.match(message(''), /has no ''/u);
  });

  test('no path leads out of the object', () => {
    for (const path of ['constructor.name', '__proto__.constructor.name', 'metadata.name.constructor.name']) {
      assert.match(message(path), /has no /u);
    }
  });

  test('an empty name is refused: Kubernetes would take the bearer for nobody', () => {
    const answer = subject({ user: { stringValue: '' } });
    assert.ok('reason' in answer);
    assert.match(answer.message, /spec\.user\.stringValue is empty/u);
  });

  test('names with rights of their own are given by the generator only, not by who may annotate a tenant', () => {
    for (const path of ['metadata.annotations.team', 'metadata.annotations.role']) {
      const answer = subject({ groups: [{ fromDefinition: path }] });
      assert.ok('reason' in answer);
      assert.equal(answer.reason, 'ValueRefused');
      assert.match(answer.message, /write such a name as stringValue/u);
    }
    assert.deepEqual(subject({ groups: [{ stringValue: 'system:masters' }] }), {
      user: 'alice',
      groups: ['system:masters'],
    });
  });
});
