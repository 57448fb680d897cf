import { figure } from '../figure.ts';
import { interleave } from '../interleave.ts';
import { type PkiInput, measurement } from '../measurements/pki.ts';
import { runMeasurement } from '../run-measurement.ts';
import type { Suite } from '../suite.ts';

const full = { default: 20, p256: 100, rsa: 5, forge: 3, limit: 100 };

export const suite: Suite = {
  name: 'pki',
  description: "a tenant's whole PKI: 2 authorities, 9 certificates, service-account keys",
  async run({ quick, signal, progress }) {
    const variants: readonly PkiInput['variant'][] = ['default', 'p256', 'rsa', 'forge', 'limit'];
    const samples = await interleave({ variants, rounds: quick ? 2 : 7 }, async (variant, round) => {
      progress(`${variant}, ${round}`);
      const tenants = quick ? Math.ceil(full[variant] / 10) : full[variant];
      const { seconds, cpuSeconds, longestStallMs } = await runMeasurement(measurement, { variant, tenants }, signal);
      return { ms: (seconds * 1000) / tenants, cpuMs: (cpuSeconds * 1000) / tenants, longestStallMs };
    });
    const of = (variant: PkiInput['variant'], property: 'ms' | 'cpuMs' | 'longestStallMs') =>
      samples[variant].map((sample) => sample[property]);
    const better = 'lower';
    const forge = (property: 'ms' | 'cpuMs' | 'longestStallMs') => ({ 'node-forge, RSA-2048': of('forge', property) });
    return [
      figure({
        name: 'PKI of a tenant, by default (P-256; service account RSA-2048)',
        unit: 'ms',
        better,
        samples: of('default', 'ms'),
        rivals: forge('ms'),
      }),
      figure({
        name: 'PKI of a tenant, all keys P-256',
        unit: 'ms',
        better,
        samples: of('p256', 'ms'),
        rivals: forge('ms'),
        limits: { '12 key pairs and 11 signatures': of('limit', 'ms') },
      }),
      figure({
        name: 'PKI of a tenant, all keys RSA-2048',
        unit: 'ms',
        better,
        samples: of('rsa', 'ms'),
        rivals: forge('ms'),
      }),
      figure({
        name: 'CPU of the PKI of a tenant, by default',
        unit: 'ms',
        better,
        samples: of('default', 'cpuMs'),
        rivals: forge('cpuMs'),
      }),
      figure({
        name: 'longest stall of the event loop meanwhile, by default',
        unit: 'ms',
        better,
        samples: of('default', 'longestStallMs'),
        rivals: forge('longestStallMs'),
      }),
    ];
  },
};
