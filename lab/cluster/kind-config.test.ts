import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindConfig } from './kind-config.ts';

const input = {
  nodeImage: 'kindest/node:v1.35.4',
  auditDirectory: '/state/audit',
  dockerSocket: '/var/run/docker.sock',
  ownPodNetwork: false,
  cgroupVersion: 2,
} as const;

test('on cgroup v2 kubelet keeps its defaults', () => {
  assert.doesNotMatch(kindConfig(input), /failCgroupV1/);
});

test('on cgroup v1 kubelet is told to start all the same', () => {
  assert.match(kindConfig({ ...input, cgroupVersion: 1 }), /failCgroupV1: false/);
});
