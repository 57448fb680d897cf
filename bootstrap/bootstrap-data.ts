import { CLUSTER_SECRET_TYPE, labels, PROJECT } from '#api/labels.ts';
import type { Secret } from './objects.ts';

/** Name of the Secret that a MachineDeployment names as `bootstrap.dataSecretName`, of all machines of a Cluster. */
export function bootstrapDataSecretName(clusterName: string): string {
  return `${clusterName}-bootstrap-data`;
}

/**
 * The Secret in the management cluster that infrastructure providers hand to machines: keys `value` and `format`
 * (Cluster API: bootstrap contract, "data secret"). The owner is for the caller to add.
 */
export function bootstrapDataSecret(input: {
  readonly clusterName: string;
  readonly namespace: string;
  /** From `joinCloudConfig`. */
  readonly cloudConfig: string;
}): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: bootstrapDataSecretName(input.clusterName),
      namespace: input.namespace,
      labels: { [labels.clusterName]: input.clusterName, [labels.project]: PROJECT },
    },
    type: CLUSTER_SECRET_TYPE,
    data: { value: toBase64(input.cloudConfig), format: toBase64('cloud-config') },
  };
}

/** The user data in a stored Secret; empty when there is none. */
export function readBootstrapData(stored: { readonly data?: Readonly<Record<string, string>> } | undefined): string {
  return Buffer.from(stored?.data?.['value'] ?? '', 'base64').toString('utf8');
}

function toBase64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
