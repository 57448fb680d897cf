import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHostSettings } from './host-settings.ts';
import { engineRules } from './packet-filter.ts';

const listing = [
  '-P INPUT ACCEPT',
  '-P FORWARD DROP',
  '-N DOCKER',
  '-N DOCKER-USER',
  '-N MINE',
  '-A FORWARD -j DOCKER-USER',
  '-A FORWARD -o kamaji-lab0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
  '-A FORWARD -i eth0 -j MINE',
  '-A DOCKER-USER -i kamaji-lab0 ! -o kamaji-lab0 -j DROP',
  '-A MINE -j ACCEPT',
].join('\n');

test('of the packet filter only what belongs to the engine goes', () => {
  const { rules, chains } = engineRules(listing);
  assert.deepEqual(chains, ['DOCKER', 'DOCKER-USER']);
  assert.deepEqual(
    rules.map((rule) => rule.join(' ')),
    ['-D FORWARD -j DOCKER-USER', '-D FORWARD -o kamaji-lab0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'],
  );
});

test('host settings written by another version are read as far as they go', () => {
  assert.deepEqual(parseHostSettings('{"forwardPolicy":"DROP","sysctls":{"net/ipv4/ip_forward":"0","x":1}}'), {
    forwardPolicy: 'DROP',
    sysctls: { 'net/ipv4/ip_forward': '0' },
  });
  assert.deepEqual(parseHostSettings('[]'), { forwardPolicy: 'ACCEPT', sysctls: {} });
});
