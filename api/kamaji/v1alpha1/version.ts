import type { ValidationRule } from '../../schema/json-schema.ts';
import { atCreation, decimal, present, rule } from '../../schema/rule.ts';
import { string } from '../../schema/schema.ts';
import { NEWEST_MINOR, OLDEST_MINOR } from './defaults.ts';

const FULL_VERSION = String.raw`'^v?(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?$'`;
const SUPPORTED = Array.from({ length: NEWEST_MINOR - OLDEST_MINOR + 1 }, (_, index) => OLDEST_MINOR + index);

/** A full Kubernetes version that this release can run. */
export function kubernetesVersion(description: string) {
  return string(description, {
    minLength: 1,
    maxLength: 256,
    rules: [
      rule(
        `self.matches(${FULL_VERSION})`,
        'version {self} is no full Kubernetes version: write major, minor and patch, such as v1.35.4',
      ),
      rule(
        String.raw`!self.matches(${FULL_VERSION}) || self.matches('^v?1\\.(${SUPPORTED.join('|')})\\.')`,
        `version {self} is not supported: this release runs Kubernetes v1.${OLDEST_MINOR} to v1.${NEWEST_MINOR}`,
      ),
    ],
  });
}

/** A CEL expression: the minor of a version of Kubernetes 1. */
export function minorOf(version: string): string {
  return `int(${version}.split('.')[1])`;
}

/**
 * How the version of a control plane that has run may change (Kubernetes: version skew policy): never to an older minor, and
 * by one minor at a time. `field` is the property of the spec, `installed` that of the status; until there is an installed
 * version, a wrong one can be corrected at will.
 */
export function versionSteps(field: string, installed: string): readonly ValidationRule[] {
  const wanted = `self.spec.${field}`;
  const before = `oldSelf.spec.${field}`;
  const runs = `self.status.${installed}`;
  const readable = (...versions: readonly string[]) =>
    versions.map((version) => String.raw`${version}.matches('^v?1\\.[0-9]{1,3}\\.')`).join(' && ');
  const unlessIn = (judged: readonly string[], cel: string) =>
    `${wanted} == ${before} || !(${present('self', `status.${installed}`)}) || !(${readable(...judged)}) || ${cel}`;
  const at = { fieldPath: `.spec.${field}` };
  return [
    rule(
      unlessIn([wanted, before], `${minorOf(wanted)} >= ${minorOf(before)}`),
      `version {${wanted}} is of an older minor than {${before}}, and Kubernetes cannot go back to one: keep ` +
        `v1.{${decimal(minorOf(before))}}, in any patch release`,
      at,
    ),
    rule(
      unlessIn([wanted, runs], `${minorOf(wanted)} - ${minorOf(runs)} <= 1`),
      `version {${wanted}} skips a minor, since {${runs}} is installed: upgrade to v1.{${decimal(`(${minorOf(runs)} + 1)`)}} first, ` +
        `and further when status.${installed} says that it is installed`,
      at,
    ),
  ];
}

/** The name of a control plane is also the name of its Service and the value of a label (RFC 1035 label). */
export const controlPlaneName = atCreation(
  "self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$') && size(self.metadata.name) <= 63",
  'metadata.name {self.metadata.name} cannot name a Service: use at most 63 lower-case letters, digits and hyphens, beginning with a letter',
);
