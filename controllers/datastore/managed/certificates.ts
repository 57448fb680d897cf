import type { CertificateRequest } from '#pki/authority.ts';
import { CERTIFICATE_VALIDITY_MS } from '#pki/authority.ts';
import { managedHost } from '#datastore/managed.ts';
import { type ManagedSettings, memberHosts } from './settings.ts';

/** A certificate of a managed store: where it is kept, who signs it, what it says. */
export interface ManagedCertificate {
  readonly secret: string;
  readonly authoritySecret: string;
  readonly request: CertificateRequest;
}

/** The authorities of a managed store, with their common names: one for clients, one of its own for the members. */
export function managedAuthorities({ names }: ManagedSettings): readonly { secret: string; commonName: string }[] {
  return [
    { secret: names.caSecret, commonName: `${names.base}-ca` },
    // Tenants' certificates are signed with the other one: they open no connection to the port of the members.
    { secret: names.peerCaSecret, commonName: `${names.base}-peer-ca` },
  ];
}

export function managedCertificates(settings: ManagedSettings): readonly ManagedCertificate[] {
  const { names, namespace, dataStoreName } = settings;
  const host = managedHost(dataStoreName, namespace);
  const members = memberHosts(settings);
  const common = { validityMs: CERTIFICATE_VALIDITY_MS };
  return [
    {
      secret: names.serverSecret,
      authoritySecret: names.caSecret,
      request: {
        ...common,
        // A colon is allowed in no user's name, so that this certificate, used as a client's, is nobody.
        subject: { commonName: `server:${names.base}` },
        usages: ['serverAuth', 'clientAuth'],
        dnsNames: [names.base, `${names.base}.${namespace}`, host, ...members, 'localhost'],
        ipAddresses: ['127.0.0.1', '::1'],
      },
    },
    {
      secret: names.peerSecret,
      authoritySecret: names.peerCaSecret,
      request: {
        ...common,
        subject: { commonName: `peer:${names.base}` },
        usages: ['serverAuth', 'clientAuth'],
        dnsNames: members,
      },
    },
    {
      secret: names.clientSecret,
      authoritySecret: names.caSecret,
      request: { ...common, subject: { commonName: 'root' }, usages: ['clientAuth'] },
    },
  ];
}

/** A certificate is renewed when this much is left: long enough for many failed attempts and a long holiday. */
export const RENEW_BEFORE_MS = 60 * 24 * 3600 * 1000;
