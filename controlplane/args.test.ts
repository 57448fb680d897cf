import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { layerArguments, mergeArguments, userValue } from './args.ts';

suite('arguments of a program that takes each flag once', () => {
  const cases: readonly {
    because: string;
    system: Record<string, string>;
    user: string[];
    winner: 'system' | 'user';
    fixed?: Record<string, string>;
    expected: string[];
  }[] = [
    {
      because: 'the order of the sources does not show, so nothing rolls when it changes',
      system: { '--z': '1', '--a': '2' },
      user: ['--m=3'],
      winner: 'user',
      expected: ['--a=2', '--m=3', '--z=1'],
    },
    {
      because: 'kube-controller-manager lets users override the system',
      system: { '--cluster-name': 'demo' },
      user: ['--cluster-name=mine'],
      winner: 'user',
      expected: ['--cluster-name=mine'],
    },
    {
      because: 'kube-scheduler and konnectivity-server do not',
      system: { '--kubeconfig': '/etc/kubernetes/scheduler.conf' },
      user: ['--kubeconfig=/tmp/mine', '--v=4'],
      winner: 'system',
      expected: ['--kubeconfig=/etc/kubernetes/scheduler.conf', '--v=4'],
    },
    {
      because: 'a fixed flag stands whoever wins otherwise',
      system: {},
      user: ['--endpoint=postgres://elsewhere'],
      winner: 'user',
      fixed: { '--endpoint': 'postgres://here' },
      expected: ['--endpoint=postgres://here'],
    },
    {
      because: 'the last of several is what the program would have taken',
      system: {},
      user: ['--v=1', '--v=2'],
      winner: 'user',
      expected: ['--v=2'],
    },
    {
      because: 'upper case sorts before lower case on every machine, whatever its locale',
      system: { '--b': '', '--B': '' },
      user: [],
      winner: 'user',
      expected: ['--B=', '--b='],
    },
    {
      because: 'a value may hold further equals signs',
      system: {},
      user: ['--feature-gates=A=true,B=false'],
      winner: 'user',
      expected: ['--feature-gates=A=true,B=false'],
    },
    {
      because: 'a bare flag stays bare',
      system: {},
      user: ['--leader-elect'],
      winner: 'user',
      expected: ['--leader-elect'],
    },
  ];
  for (const { because, system, user, winner, fixed, expected } of cases) {
    test(because, () => assert.deepEqual(mergeArguments(system, user, winner, fixed), expected));
  }
});

suite('arguments of kube-apiserver', () => {
  const layers = {
    managed: [
      ['--etcd-prefix', '/tenant-1'],
      ['--secure-port', '6443'],
    ],
    defaults: [
      ['--allow-privileged', 'true'],
      ['--service-account-issuer', 'https://first'],
      ['--service-account-issuer', 'https://second'],
    ],
  } as const;
  const own = [
    '--allow-privileged=true',
    '--etcd-prefix=/tenant-1',
    '--secure-port=6443',
    '--service-account-issuer=https://first',
    '--service-account-issuer=https://second',
  ];
  const issuers = own.slice(3);
  const cases: readonly { because: string; user: string[]; expected: string[] }[] = [
    { because: 'without a word of the user, the system says everything, sorted', user: [], expected: own },
    {
      because: 'a managed flag wins over the user in silence',
      user: ['--etcd-prefix=/tenant-2'],
      expected: own,
    },
    {
      because: 'pflag reads underscores as hyphens, so that spelling does not get round a managed flag',
      user: ['--etcd_prefix=/tenant-2'],
      expected: own,
    },
    {
      because: 'a value of its own argument belongs to the flag before it and goes with it',
      user: ['--etcd-prefix', '/tenant-2'],
      expected: own,
    },
    {
      because: 'a default gives way',
      user: ['--allow-privileged=false'],
      expected: ['--etcd-prefix=/tenant-1', '--secure-port=6443', ...issuers, '--allow-privileged=false'],
    },
    {
      because: 'all values of a repeated default give way together',
      user: ['--service-account-issuer=https://mine'],
      expected: [...own.slice(0, 3), '--service-account-issuer=https://mine'],
    },
    {
      because: 'flags that may be repeated keep their duplicates and their order',
      user: ['--service-account-key-file=/b', '--service-account-key-file=/a'],
      expected: [...own, '--service-account-key-file=/b', '--service-account-key-file=/a'],
    },
    {
      because: 'an empty value is not the same as none',
      user: ['--tls-cipher-suites='],
      expected: [...own, '--tls-cipher-suites='],
    },
  ];
  for (const { because, user, expected } of cases) {
    test(because, () => assert.deepEqual(layerArguments(layers, user), expected));
  }
});

suite('the value that a user gave to a flag', () => {
  test('is the last one', () => assert.equal(userValue(['--v=1', '--v=2'], '--v'), '2'));
  test('is empty for a bare flag', () => assert.equal(userValue(['--v'], '--v'), ''));
  test('is absent where the flag is', () => assert.equal(userValue(undefined, '--v'), undefined));
});
