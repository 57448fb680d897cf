import { kamajiControlPlanes, tenantControlPlanes } from '#api/kinds.ts';
import type { RuleCase } from './rule-case.ts';
import { kcp, running, tcp } from './rule-case.ts';

type Versioned = Pick<RuleCase, 'kind'> & {
  readonly spec: (version: string, admissionControllers?: readonly string[]) => RuleCase['accepted'];
  readonly status: (version: string) => NonNullable<RuleCase['status']>;
};

// Both kinds say the same of a version, so that one never makes what the other refuses.
const kinds: readonly Versioned[] = [
  {
    kind: tenantControlPlanes,
    spec: (version, list) => tcp({ version, ...(list && { kubernetes: { admissionControllers: [...list] } }) }),
    status: running,
  },
  {
    kind: kamajiControlPlanes,
    spec: (version, list) => kcp({}, { version, ...(list && { admissionControllers: [...list] }) }),
    status: (version) => ({ version }),
  },
];

/** What is refused about versions and what depends on them. */
export const versionRuleCases: readonly RuleCase[] = kinds.flatMap(({ kind, spec, status }) => [
  {
    kind,
    title: 'a version that is older than any supported one',
    accepted: spec('v1.30.0'),
    refused: spec('v1.29.15'),
    says: /version v1\.29\.15 is not supported: this release runs Kubernetes v1\.30 to v1\.36/,
  },
  {
    kind,
    title: 'a version that is newer than any supported one',
    accepted: spec('1.36.9'),
    refused: spec('v1.37.0'),
    says: /version v1\.37\.0 is not supported: this release runs/,
  },
  {
    kind,
    title: 'another major version',
    accepted: spec('v1.35.4-rc.1'),
    refused: spec('v2.35.4'),
    says: /version v2\.35\.4 is not supported/,
  },
  {
    kind,
    title: 'a version that is no tag of an image',
    accepted: spec('v1.35.4'),
    refused: spec('v1.35.4+build.1'),
    says: /version v1\.35\.4.build\.1 is no full Kubernetes version/,
  },
  {
    kind,
    title: 'an older minor than the one before',
    from: spec('v1.35.4'),
    status: status('v1.35.4'),
    accepted: spec('v1.35.1'),
    refused: spec('v1.34.9'),
    says: /version v1\.34\.9 is of an older minor than v1\.35\.4, .*: keep v1\.35, in any patch release/,
  },
  {
    kind,
    title: 'an upgrade that is taken back half way',
    from: spec('v1.36.0'),
    status: status('v1.35.4'),
    accepted: spec('v1.36.1'),
    refused: spec('v1.35.4'),
    says: /version v1\.35\.4 is of an older minor than v1\.36\.0/,
  },
  {
    kind,
    title: 'a minor that is left out',
    from: spec('1.33.2'),
    status: status('v1.33.2'),
    accepted: spec('v1.34.0'),
    refused: spec('v1.35.0'),
    says: /version v1\.35\.0 skips a minor, since v1\.33\.2 is installed: upgrade to v1\.34 first, and further when/,
  },
  {
    kind,
    title: 'the next but one minor while the next is being installed',
    from: spec('v1.34.0'),
    status: status('v1.33.2'),
    accepted: spec('v1.34.1'),
    refused: spec('v1.35.0'),
    says: /skips a minor, since v1\.33\.2 is installed: upgrade to v1\.34 first/,
  },
  {
    kind,
    title: 'an older minor once there is an installed one, and not before',
    from: spec('v1.36.0'),
    accepted: spec('v1.33.0'),
    refused: spec('v1.29.0'),
    says: /version v1\.29\.0 is not supported/,
  },
  {
    kind,
    title: 'an admission plugin that Kubernetes does not know any more',
    accepted: spec('v1.30.4', ['PersistentVolumeLabel', 'NodeRestriction']),
    refused: spec('v1.31.4', ['NodeRestriction', 'PersistentVolumeLabel']),
    says: /admissionControllers has PersistentVolumeLabel, which kube-apiserver v1\.31\.4 does not know: remove it, or/,
  },
  {
    kind,
    title: 'an admission plugin that Kubernetes does not know yet',
    accepted: spec('v1.33.0', ['PodTopologyLabels']),
    refused: spec('v1.32.0', ['PodTopologyLabels']),
    says: /admissionControllers has PodTopologyLabels, which kube-apiserver v1\.32\.0 does not know/,
  },
  {
    kind,
    title: 'an admission plugin that an upgrade loses',
    from: spec('v1.30.4', ['PersistentVolumeLabel']),
    accepted: spec('v1.31.4', []),
    refused: spec('v1.31.4', ['PersistentVolumeLabel']),
    says: /admissionControllers has PersistentVolumeLabel, which kube-apiserver v1\.31\.4 does not know/,
  },
  {
    kind,
    title: 'an admission plugin that never was',
    accepted: spec('v1.35.4', ['NodeRestriction']),
    refused: spec('v1.35.4', ['NodeRestrictions']),
    says: /admissionControllers\[0\]: Unsupported value: "NodeRestrictions": supported values: .*"NodeRestriction"/,
  },
]);
