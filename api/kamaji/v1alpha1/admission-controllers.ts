import { rule } from '../../schema/rule.ts';
import type { Infer } from '../../schema/schema.ts';
import { enumeration, list } from '../../schema/schema.ts';
import { minorOf } from './version.ts';

/** A plugin of kube-apiserver's --enable-admission-plugins. */
const admissionController = enumeration('Name of an admission plugin.', [
  'AlwaysAdmit',
  'AlwaysDeny',
  'AlwaysPullImages',
  'CertificateApproval',
  'CertificateSigning',
  'CertificateSubjectRestriction',
  'ClusterTrustBundleAttest',
  'DefaultIngressClass',
  'DefaultStorageClass',
  'DefaultTolerationSeconds',
  'DenyEscalatingExec',
  'DenyExecOnPrivileged',
  'DenyServiceExternalIPs',
  'EventRateLimit',
  'ExtendedResourceToleration',
  'ImagePolicyWebhook',
  'JobValidation',
  'LimitPodHardAntiAffinityTopology',
  'LimitRanger',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionWebhook',
  'NamespaceAutoProvision',
  'NamespaceExists',
  'NamespaceLifecycle',
  'NodeDeclaredFeatureValidator',
  'NodeRestriction',
  'OwnerReferencesPermissionEnforcement',
  'PersistentVolumeClaimResize',
  'PersistentVolumeLabel',
  'PodGroupProtection',
  'PodGroupWorkloadExists',
  'PodNodeSelector',
  'PodResizeValidator',
  'PodSecurity',
  'PodSecurityPolicy',
  'PodTolerationRestriction',
  'PodTopologyLabels',
  'Priority',
  'ResourceQuota',
  'RuntimeClass',
  'SecurityContextDeny',
  'ServiceAccount',
  'StorageObjectInUseProtection',
  'TaintNodesByCondition',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionWebhook',
]);

/** Admission plugins that the user chose. `options` may hold a default. */
export function admissionControllers(options: Parameters<typeof list<PluginName>>[2] = {}) {
  return list('Admission plugins that are enabled.', admissionController, { maxItems: 64, ...options });
}

type PluginName = Infer<typeof admissionController>;

/** Plugins that not every supported minor has: the first and the last one that does (Kubernetes: AllOrderedPlugins). */
const availability: Partial<Record<PluginName, { readonly since?: number; readonly until?: number }>> = {
  DenyEscalatingExec: { until: 20 },
  DenyExecOnPrivileged: { until: 20 },
  JobValidation: { since: 36 },
  MutatingAdmissionPolicy: { since: 32 },
  NodeDeclaredFeatureValidator: { since: 35 },
  PersistentVolumeLabel: { until: 30 },
  PodGroupProtection: { since: 36 },
  PodGroupWorkloadExists: { since: 36 },
  PodResizeValidator: { since: 36 },
  PodSecurityPolicy: { until: 24 },
  PodTopologyLabels: { since: 33 },
  SecurityContextDeny: { until: 29 },
};

const minor = minorOf('self.version');
const misplaced = Object.entries(availability).map(([name, { since = 0, until = 999 }]) => ({
  name,
  isListed: `(${minor} < ${since} || ${minor} > ${until}) && '${name}' in self.admissionControllers`,
}));

/**
 * For an object with `version` and `admissionControllers`: kube-apiserver does not start with a plugin that it does not know.
 */
export const knownAdmissionControllers = rule(
  String.raw`!has(self.admissionControllers) || !self.version.matches('^v?1\\.[0-9]{1,3}\\.') || ` +
    `!(${misplaced.map(({ isListed }) => isListed).join(' || ')})`,
  `admissionControllers has {(${misplaced.map(({ name, isListed }) => `${isListed} ? '${name}' : `).join('')}'')}, which ` +
    'kube-apiserver {self.version} does not know: remove it, or choose a version that has it',
);
