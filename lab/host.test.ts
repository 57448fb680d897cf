import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capSysResource, hasCapability } from './host.ts';

const status = (bounding: string) => `Name:\tnode\nCapEff:\t0000000000000000\nCapBnd:\t${bounding}\nCapAmb:\t0\n`;

test('a machine that grants everything has CAP_SYS_RESOURCE', () => {
  assert.equal(hasCapability(status('000001ffffffffff'), capSysResource), true);
});

test('a sandbox that withholds only that capability is recognised', () => {
  assert.equal(hasCapability(status('000001fffeffffff'), capSysResource), false);
  assert.equal(hasCapability(status('000001fffeffffff'), 25), true);
});

test('a status without capabilities grants none', () => {
  assert.equal(hasCapability('Name:\tnode\n', capSysResource), false);
});
