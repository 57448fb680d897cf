import { createAuthority, issue } from '#pki/authority.ts';
import type { Issuer } from './serving-certificate.ts';

/** Makes real certificates, as the manager has them made. */
export const issuer: Issuer = {
  createAuthority: (validityMs, now) => createAuthority({ commonName: 'webhook-ca', validityMs, now }),
  issue: (authority, names, validityMs, now) =>
    issue({ authority, subject: { commonName: 'webhook' }, usages: ['serverAuth'], ...names, validityMs, now }),
};
