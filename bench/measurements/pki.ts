import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { CertificateRequest } from '#pki/authority.ts';
import { createAuthority, issue } from '#pki/authority.ts';
import {
  AUTHORITIES,
  KUBECONFIG_CERTIFICATES,
  controlPlaneCertificates,
  datastoreCertificate,
} from '#pki/control-plane.ts';
import { type KeyAlgorithm, generateKeyPair } from '#pki/key.ts';
import { defineMeasurement } from '../measurement.ts';
import { type Effort, startEffort } from './effort.ts';

export interface PkiInput {
  /**
   * `default`: P-256, but service-account keys of RSA. `p256`, `rsa`: all keys of that kind. `forge`: the same certificates
   * by node-forge as its documentation shows, RSA. `limit`: P-256 key pairs and signatures alone, no certificates.
   */
  readonly variant: 'default' | 'p256' | 'rsa' | 'forge' | 'limit';
  readonly tenants: number;
}

export interface PkiOutput extends Effort {
  /** The longest time that nothing else could run in the process. */
  readonly longestStallMs: number;
}

/** The certificates of one tenant beside its authorities: 3 of the processes, 5 in kubeconfigs, that for its datastore. */
const leaves: readonly CertificateRequest[] = [
  ...Object.values(
    controlPlaneCertificates({
      name: 'tenant',
      namespace: 'default',
      clusterDomain: 'cluster.local',
      managementDomain: 'cluster.local',
      serviceCidrs: ['10.96.0.0/16'],
      hosts: ['192.0.2.10'],
      certSANs: [],
    }),
  ),
  ...Object.values(KUBECONFIG_CERTIFICATES),
  datastoreCertificate('tenant'),
];

/** Makes the whole PKI of so many tenants, one after the other: 2 authorities, 9 certificates, service-account keys. */
export const measurement = defineMeasurement(
  import.meta.url,
  async ({ variant, tenants }: PkiInput): Promise<PkiOutput> => {
    const make = await maker(variant);
    await make();
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    await nextTurn();
    delay.reset();
    const stop = startEffort();
    for (let tenant = 0; tenant < tenants; tenant++) {
      await make();
      await nextTurn();
    }
    const effort = stop();
    // The probe is a timer, and records a stall only after it.
    await sleep(5);
    delay.disable();
    return { ...effort, longestStallMs: delay.max / 1e6 };
  },
);

async function maker(variant: PkiInput['variant']): Promise<() => Promise<void> | void> {
  switch (variant) {
    case 'default':
      return () => ours('ECDSA-P256', 'RSA-2048');
    case 'p256':
      return () => ours('ECDSA-P256', 'ECDSA-P256');
    case 'rsa':
      return () => ours('RSA-2048', 'RSA-2048');
    case 'forge': {
      const { forgeTenant } = await import('./forge-pki.ts');
      return () => forgeTenant(Object.values(AUTHORITIES), leaves);
    }
    case 'limit':
      return keysAndSignatures;
  }
}

async function ours(algorithm: KeyAlgorithm, serviceAccount: KeyAlgorithm): Promise<void> {
  const now = new Date();
  const [authority] = await Promise.all([
    createAuthority({ ...AUTHORITIES.ca, algorithm, now }),
    createAuthority({ ...AUTHORITIES['front-proxy-ca'], algorithm, now }),
    generateKeyPair(serviceAccount),
  ]);
  await Promise.all(leaves.map((leaf) => issue({ ...leaf, authority, algorithm, now })));
}

function keysAndSignatures(): void {
  const content = Buffer.alloc(700);
  for (let key = 0; key < leaves.length + 3; key++) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    privateKey.export({ type: 'sec1', format: 'pem' });
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
    if (key > 0) sign('sha256', content, privateKey);
  }
}
