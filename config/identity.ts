import packageJson from '../package.json' with { type: 'json' };

/** Names of the installation; the manager's flags default to the same ones. */
export const NAMESPACE = 'kamaji-system';
export const SERVICE_ACCOUNT = 'kamaji-controller-manager';
export const IMAGE = `ghcr.io/kamaji-ts/${packageJson.name}:v${packageJson.version}`;

/** The label by which clusterctl finds what belongs to a provider. */
export const PROVIDER_LABELS = { 'cluster.x-k8s.io/provider': 'control-plane-kamaji' };

/** Prefix of every cluster-scoped name: `clusterctl delete` skips those that do not start with the namespace. */
export const clusterScoped = (name: string): string => `${NAMESPACE}-${name}`;
