import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressRange } from './load-balancer.ts';

test('LoadBalancer addresses come from the top of a large subnet', () => {
  assert.equal(addressRange('172.18.0.0/16'), '172.18.255.1-172.18.255.254');
  assert.equal(addressRange('10.255.240.0/20'), '10.255.255.1-10.255.255.254');
});

test('LoadBalancer addresses are the last quarter of a small subnet, without its broadcast address', () => {
  assert.equal(addressRange('192.168.7.0/24'), '192.168.7.191-192.168.7.254');
});
