import { about, atCreation, rule } from '../../schema/rule.ts';
import { boolean, object, optional } from '../../schema/schema.ts';

/** Writes that users of a tenant are refused, by its API servers. */
export const writePermissions = object('Kinds of write that tenants are refused; see docs/write-permissions.md.', {
  blockCreation: optional(boolean('Refuse to create objects.')),
  blockUpdate: optional(boolean('Refuse to update and patch objects.')),
  blockDeletion: optional(boolean('Refuse to delete objects, and to evict pods.')),
});

const limits = (field: string): string => `(has($.writePermissions.${field}) && $.writePermissions.${field})`;

const limited = `(has($.writePermissions) && (${['blockCreation', 'blockUpdate', 'blockDeletion'].map(limits).join(' || ')}))`;

const own =
  '(has($.controlPlane.deployment) && has($.controlPlane.deployment.extraArgs) && ' +
  'has($.controlPlane.deployment.extraArgs.apiServer) && $.controlPlane.deployment.extraArgs.apiServer.exists(argument, ' +
  `${['-c', '-m', '-w', '_'].map((next) => `argument.startsWith('--authorization${next}')`).join(' || ')}))`;

const both = `(${limited} && ${own})`;

const message =
  'writePermissions cannot be enforced beside --authorization-config, --authorization-mode or --authorization-webhook-* in ' +
  'controlPlane.deployment.extraArgs.apiServer: remove one of them';

/**
 * Rules of the spec: limits stand in the file by which the API servers authorize, and flags of the user leave no place for one. An
 * object that has had both since before the rules can still be edited.
 */
export const limitsNeedOurAuthorization = [
  atCreation(`!${about(both, 'self')}`, message),
  rule(`!${about(both, 'self')} || ${about(both, 'oldSelf')}`, message),
];
