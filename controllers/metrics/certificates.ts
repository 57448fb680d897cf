import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { labels } from '#api/labels.ts';
import { namesOfControlPlane } from '#controlplane/names.ts';
import { parseCertificate } from '#pki/inspect.ts';
import { dueTime } from '#pki/policies.ts';
import type { Secret } from '#runtime/client/builtin.ts';
import type { Sample, SampledGauge } from '#runtime/telemetry/sampled-gauge.ts';
import { tenantLabels } from './tenant-control-planes.ts';

export interface CertificateSources {
  readonly tenants: () => readonly TenantControlPlane[];
  /** Secrets with certificates of tenants, and any others. */
  readonly secrets: () => readonly Secret[];
  readonly now: () => number;
  /** Certificates are renewed when less than this is left. */
  readonly renewBeforeMs: number;
}

const STRATEGIES = ['x509', 'kubeconfig'] as const;
const STATUSES = ['valid', 'expiring', 'invalid'] as const;

/** Upstream's `kamaji_certificates_current`, and one of our own that says when the first of them ends. */
export function certificateGauges({
  tenants,
  secrets,
  now,
  renewBeforeMs,
}: CertificateSources): readonly SampledGauge[] {
  const read = createReader(renewBeforeMs);
  return [
    {
      name: 'kamaji_certificates_current',
      help: 'Secrets with certificates: expiring ones are due for renewal and have not been renewed',
      labelNames: ['tcp_namespace', 'tcp_name', 'status', 'strategy'],
      samples: async () => {
        const counts = new Map<string, number>();
        for (const { tenant, strategy, validity } of await read(secrets())) {
          const key = [tenant, statusOf(validity, now()), strategy].join(' ');
          counts.set(key, (counts.get(key) ?? 0) + 1);
        }
        return tenants().flatMap((tenant) =>
          STRATEGIES.flatMap((strategy) =>
            STATUSES.map((status) => ({
              labels: { ...tenantLabels(tenant), status, strategy },
              value: counts.get([tenantKey(tenant), status, strategy].join(' ')) ?? 0,
            })),
          ),
        );
      },
    },
    {
      name: 'kamaji_certificates_earliest_expiration_timestamp_seconds',
      help: 'When the first certificate of a TenantControlPlane ends (Unix time), by what it is: x509, kubeconfig, or ca',
      labelNames: ['tcp_namespace', 'tcp_name', 'strategy'],
      samples: async () => {
        const earliest = new Map<string, number>();
        for (const { tenant, strategy, validity } of await read(secrets())) {
          const key = [tenant, strategy].join(' ');
          if (validity !== undefined) earliest.set(key, Math.min(validity.notAfter, earliest.get(key) ?? Infinity));
        }
        return tenants().flatMap((tenant) =>
          [...STRATEGIES, 'ca'].flatMap((strategy): readonly Sample[] => {
            const notAfter = earliest.get([tenantKey(tenant), strategy].join(' '));
            if (notAfter === undefined) return [];
            return [{ labels: { ...tenantLabels(tenant), strategy }, value: notAfter / 1000 }];
          }),
        );
      },
    },
  ];
}

/** Of the certificates in a Secret the first one to end, and the first one to be due. Milliseconds since the epoch. */
interface Validity {
  readonly notAfter: number;
  readonly due: number;
}

interface Entry {
  /** `namespace/name` */
  readonly tenant: string;
  readonly strategy: string;
  /** Undefined where no certificate can be read. */
  readonly validity: Validity | undefined;
}

/** Reads what Secrets hold. What a Secret holds is worked out once: its object is another one when it changes. */
function createReader(renewBeforeMs: number): (secrets: readonly Secret[]) => Promise<readonly Entry[]> {
  const known = new WeakMap<Secret, Entry | 'other'>();
  return async (secrets) => {
    const entries: Entry[] = [];
    let worked = 0;
    for (const secret of secrets) {
      let entry = known.get(secret);
      if (entry === undefined) {
        entry = entryOf(secret, renewBeforeMs);
        known.set(secret, entry);
        // The first scrape of a fleet reads thousands; nothing else must wait for that.
        if (++worked % 20 === 0) await nextTurn();
      }
      if (entry !== 'other') entries.push(entry);
    }
    return entries;
  };
}

function entryOf(secret: Secret, renewBeforeMs: number): Entry | 'other' {
  const { namespace = '', labels: has = {} } = secret.metadata ?? {};
  // Kubeconfigs of generators carry the tenant's name under a label of their own.
  const name = has[labels.name] ?? has[labels.managedFor];
  const strategy = strategyOf(secret, name);
  if (name === undefined || strategy === undefined) return 'other';
  return { tenant: `${namespace}/${name}`, strategy, validity: validityOf(secret, renewBeforeMs) };
}

function strategyOf({ metadata }: Secret, tenant: string | undefined): string | undefined {
  const lifecycle = metadata?.labels?.[labels.certificateLifecycle];
  if (lifecycle !== undefined) return STRATEGIES.find((strategy) => strategy === lifecycle);
  const { ca, frontProxyCa } = namesOfControlPlane(tenant ?? '');
  return metadata?.name === ca || metadata?.name === frontProxyCa ? 'ca' : undefined;
}

function validityOf({ data = {} }: Secret, renewBeforeMs: number): Validity | undefined {
  const certificates = Object.values(data).flatMap((encoded) => certificatesIn(fromBase64(encoded)));
  try {
    const parsed = certificates.map((pem) => parseCertificate(pem));
    if (parsed.length === 0) return undefined;
    return {
      notAfter: Math.min(...parsed.map(({ validTo }) => Date.parse(validTo))),
      due: Math.min(...parsed.map((certificate) => dueTime(certificate, renewBeforeMs).getTime())),
    };
  } catch {
    return undefined;
  }
}

/** The text itself where it is a certificate, or the client certificates of a kubeconfig, found without parsing all of it. */
function certificatesIn(text: string): readonly string[] {
  if (text.startsWith('-----BEGIN CERTIFICATE-----')) return [text];
  return [...text.matchAll(CLIENT_CERTIFICATE)].map(([, encoded = '']) => fromBase64(encoded));
}

const CLIENT_CERTIFICATE = /client-certificate-data"?\s*:\s*"?([A-Za-z0-9+/=]+)/gu;

function statusOf(validity: Validity | undefined, now: number): (typeof STATUSES)[number] {
  if (validity === undefined) return 'invalid';
  return validity.due <= now ? 'expiring' : 'valid';
}

function tenantKey({ metadata }: TenantControlPlane): string {
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
}

function fromBase64(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8');
}
