import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Pod } from '#runtime/client/builtin.ts';
import { versionsOf } from './versions.ts';

function pod(image: string, state: { ready?: boolean; going?: boolean } = {}): Pod {
  return {
    metadata: { name: 'pod', ...(state.going === true ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) },
    spec: {
      containers: [
        { name: 'sidecar', image: 'sidecar:v9.9.9' },
        { name: 'kube-apiserver', image },
      ],
    },
    status: { conditions: [{ type: 'Ready', status: state.ready === false ? 'False' : 'True' }] },
  };
}

suite('status.versions', () => {
  const cases: readonly [string, readonly Pod[], Parameters<typeof versionsOf>[1], ReturnType<typeof versionsOf>][] = [
    [
      'there is none before the first pod is ready: core then takes it for provisioning',
      [pod('k:v1.35.4', { ready: false })],
      undefined,
      undefined,
    ],
    [
      'counts pods of one version',
      [pod('k:v1.35.4'), pod('k:v1.35.4')],
      undefined,
      [{ version: 'v1.35.4', replicas: 2 }],
    ],
    [
      'is sorted by version, not by text, oldest first',
      [pod('k:v1.35.10'), pod('k:v1.35.9')],
      undefined,
      [
        { version: 'v1.35.9', replicas: 1 },
        { version: 'v1.35.10', replicas: 1 },
      ],
    ],
    [
      'puts a pre-release before its release',
      [pod('k:v1.36.0'), pod('k:v1.36.0-rc.1')],
      undefined,
      [
        { version: 'v1.36.0-rc.1', replicas: 1 },
        { version: 'v1.36.0', replicas: 1 },
      ],
    ],
    [
      'sorts by build metadata, which a tag writes with an underscore',
      [pod('k:v1.35.4_b.2'), pod('k:v1.35.4_b.1')],
      undefined,
      [
        { version: 'v1.35.4+b.1', replicas: 1 },
        { version: 'v1.35.4+b.2', replicas: 1 },
      ],
    ],
    [
      'a new pod that is not ready yet serves nobody',
      [pod('k:v1.35.4'), pod('k:v1.36.0', { ready: false })],
      undefined,
      [{ version: 'v1.35.4', replicas: 1 }],
    ],
    [
      'a pod that is going takes no new connections',
      [pod('k:v1.36.0'), pod('k:v1.35.4', { going: true })],
      undefined,
      [{ version: 'v1.36.0', replicas: 1 }],
    ],
    [
      'a registry with a port is no tag',
      [pod('registry.example:5000/kube-apiserver:v1.35.4')],
      undefined,
      [{ version: 'v1.35.4', replicas: 1 }],
    ],
    [
      'a digest behind the tag does not matter',
      [pod('k:v1.35.4@sha256:0123456789abcdef')],
      undefined,
      [{ version: 'v1.35.4', replicas: 1 }],
    ],
    ['a tag without v is the same version', [pod('k:1.35.4')], undefined, [{ version: 'v1.35.4', replicas: 1 }]],
    [
      'a tag that is no version cannot be reported',
      [pod('k:latest'), pod('k:v1.35.4')],
      undefined,
      [{ version: 'v1.35.4', replicas: 1 }],
    ],
    [
      'asleep, what ran last stays without a number, or core would take it for provisioning again',
      [],
      [{ version: 'v1.35.4', replicas: 2 }],
      [{ version: 'v1.35.4' }],
    ],
  ];
  for (const [name, pods, before, expected] of cases) {
    test(name, () => assert.deepEqual(versionsOf(pods, before), expected));
  }
});
