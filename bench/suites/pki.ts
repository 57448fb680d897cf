import { type FigureOptions, figure } from '../figure.ts';
import { interleave } from '../interleave.ts';
import { type PkiInput, measurement } from '../measurements/pki.ts';
import { runMeasurement } from '../run-measurement.ts';
import type { Suite } from '../suite.ts';

/** How many tenants in one sample. */
const tenantsOf = { default: 20, p256: 100, rsa: 5, forge: 3, limit: 100 };

export const suite: Suite = {
  name: 'pki',
  description: "a tenant's whole PKI: 2 authorities, 9 certificates, service-account keys",
  async run({ quick, signal, progress }) {
    const variants: readonly PkiInput['variant'][] = ['default', 'p256', 'rsa', 'forge', 'limit'];
    const samples = await interleave({ variants, rounds: quick ? 2 : 7 }, async (variant, round) => {
      progress(`${variant}, ${round}`);
      const tenants = quick ? Math.ceil(tenantsOf[variant] / 10) : tenantsOf[variant];
      const { seconds, cpuSeconds, longestStallMs } = await runMeasurement(measurement, { variant, tenants }, signal);
      return { ms: (seconds * 1000) / tenants, cpuMs: (cpuSeconds * 1000) / tenants, longestStallMs };
    });
    const of = (variant: PkiInput['variant'], property: 'ms' | 'cpuMs' | 'longestStallMs') =>
      samples[variant].map((sample) => sample[property]);
    const ours = (
      name: string,
      variant: PkiInput['variant'],
      property: Parameters<typeof of>[1],
      limits?: FigureOptions['limits'],
    ) =>
      figure({
        name,
        unit: 'ms',
        better: 'lower',
        samples: of(variant, property),
        rivals: { 'node-forge, RSA-2048': of('forge', property) },
        ...(limits === undefined ? {} : { limits }),
      });
    const limit = { '12 key pairs and 11 signatures': of('limit', 'cpuMs') };
    return [
      ours('PKI of a tenant, by default (P-256; service account RSA-2048)', 'default', 'ms'),
      ours('CPU of it', 'default', 'cpuMs'),
      ours('longest stall of the event loop meanwhile', 'default', 'longestStallMs'),
      ours('PKI of a tenant, all keys P-256', 'p256', 'ms'),
      ours('CPU of it, all keys P-256', 'p256', 'cpuMs', limit),
      ours('PKI of a tenant, all keys RSA-2048', 'rsa', 'ms'),
      ours('CPU of it, all keys RSA-2048', 'rsa', 'cpuMs'),
    ];
  },
};
