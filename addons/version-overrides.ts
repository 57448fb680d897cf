import semver from 'semver';
import { parse } from 'yaml';
import type { AddonVersions } from './versions.ts';

/** An installation's choice of versions cannot be read; the message says which part, and why. */
export class VersionOverridesError extends Error {
  override readonly name = 'VersionOverridesError';
  readonly code = 'VersionOverridesInvalid';
}

/**
 * What an installation chooses instead of the table's versions for one Kubernetes version: from the data of a ConfigMap with a
 * key per minor (`v1.35`) whose value is YAML, the image tag of each addon that is to have another one
 * (`coreDNS: v1.13.2`). Throws VersionOverridesError where that says something else, in the part of another minor only when its
 * key is none.
 */
export function versionOverrides(
  data: Readonly<Record<string, string>>,
  kubernetesVersion: string,
): Partial<AddonVersions> {
  const wrong = Object.keys(data).find((key) => !/^v\d+\.\d+$/u.test(key));
  if (wrong !== undefined) throw new VersionOverridesError(`key ${wrong} is no minor version such as v1.35`);
  const version = semver.coerce(kubernetesVersion);
  const key = `v${version?.major ?? 0}.${version?.minor ?? 0}`;
  const text = data[key];
  return text === undefined ? {} : overridesOf(key, text);
}

const ADDONS = ['coreDNS', 'kubeProxy', 'konnectivity', 'pause'] as const satisfies readonly (keyof AddonVersions)[];

function overridesOf(key: string, text: string): Partial<AddonVersions> {
  const content = read(key, text);
  if (content === null || content === '') return {};
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new VersionOverridesError(
      `key ${key} holds no list of addons with their versions, such as "coreDNS: v1.13.2"`,
    );
  }
  for (const [addon, tag] of Object.entries(content)) {
    if (!ADDONS.some((known) => known === addon)) {
      throw new VersionOverridesError(`key ${key} names ${addon}, which is none of ${ADDONS.join(', ')}`);
    }
    if (typeof tag !== 'string' || !/^\w[\w.-]{0,127}$/u.test(tag)) {
      throw new VersionOverridesError(`key ${key} gives ${addon} a version that is no image tag`);
    }
  }
  return content;
}

function read(key: string, text: string): unknown {
  try {
    // Every value is a text: as a number, 3.10 would be 3.1.
    return parse(text, { schema: 'failsafe' });
  } catch (error) {
    throw new VersionOverridesError(
      `key ${key} is no YAML: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  }
}
