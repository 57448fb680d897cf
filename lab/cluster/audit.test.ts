import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAuditLine } from './audit.ts';

test('a line of the audit log says who did what to which object', () => {
  const line = JSON.stringify({
    kind: 'Event',
    requestReceivedTimestamp: '2026-11-22T10:00:00.123456Z',
    verb: 'patch',
    user: {
      username: 'system:serviceaccount:kamaji-system:kamaji-controller-manager',
      extra: { 'authentication.kubernetes.io/pod-name': ['kamaji-controller-manager-0'] },
    },
    userAgent: 'manager',
    objectRef: { resource: 'secrets', namespace: 'default', name: 'demo-ca' },
    responseStatus: { code: 201 },
  });
  assert.deepEqual(parseAuditLine(line), {
    time: new Date('2026-11-22T10:00:00.123Z'),
    verb: 'patch',
    user: 'system:serviceaccount:kamaji-system:kamaji-controller-manager',
    pod: 'kamaji-controller-manager-0',
    userAgent: 'manager',
    apiGroup: '',
    resource: 'secrets',
    subresource: '',
    namespace: 'default',
    name: 'demo-ca',
    code: 201,
  });
});

test('a line that was cut short is no request', () => {
  assert.equal(parseAuditLine('{"kind":"Event","verb":"cre'), undefined);
  assert.equal(parseAuditLine(''), undefined);
});
