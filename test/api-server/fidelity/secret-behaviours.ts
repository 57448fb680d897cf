import { secrets } from '#runtime/client/builtin.ts';
import type { Behaviour } from './behaviour.ts';
import { secret } from './objects.ts';

export const secretBehaviours: readonly Behaviour[] = [
  { title: 'a Secret is Opaque unless it says otherwise', run: (on) => on.create(secrets, secret('a')) },
  {
    title: 'what is given as text is stored encoded',
    run: async (on) => {
      await on.create(secrets, secret('a', { stringData: { b: 'text', a: 'other' } }));
      await on.merge(secrets, 'a', { stringData: { c: 'more' } });
      await on.apply(secrets, 'kamaji', { metadata: { name: 'b' }, stringData: { c: 'more' } });
    },
  },
  {
    title: 'data that are not base64 are refused',
    run: (on) => on.create(secrets, secret('a', { data: { a: '?' } })),
  },
  {
    title: 'the type of a Secret is not changed',
    run: async (on) => {
      await on.create(secrets, secret('a'));
      await on.merge(secrets, 'a', { type: 'example.com/other' });
      await on.apply(secrets, 'kamaji', secret('a', { type: 'example.com/other' }), { query: { force: true } });
    },
  },
  {
    title: 'a TLS Secret has a certificate and a key',
    run: async (on) => {
      await on.create(secrets, secret('a', { type: 'kubernetes.io/tls' }));
      await on.create(secrets, {
        metadata: { name: 'a' },
        type: 'kubernetes.io/tls',
        data: { 'tls.crt': '', 'tls.key': '' },
      });
    },
  },
  {
    title: 'an immutable Secret stays as it is',
    run: async (on) => {
      await on.create(secrets, secret('a', { immutable: true }));
      await on.merge(secrets, 'a', { data: { b: 'MQ==' } });
      await on.delete(secrets, 'a');
    },
  },
  {
    title: 'Secrets are selected by their type',
    run: async (on) => {
      await on.create(secrets, secret('a'));
      await on.create(secrets, secret('b', { type: 'cluster.x-k8s.io/secret' }));
      await on.list(secrets, { fieldSelector: 'type=cluster.x-k8s.io/secret' });
    },
  },
];
