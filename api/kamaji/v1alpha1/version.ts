import { rule } from '../../schema/rule.ts';
import { string } from '../../schema/schema.ts';

/** A full Kubernetes version. */
export function kubernetesVersion(description: string) {
  return string(description, {
    minLength: 1,
    maxLength: 256,
    rules: [
      rule(
        String.raw`self.matches('^v?(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)([-+][0-9A-Za-z.+-]*)?$')`,
        'version {self} is no full Kubernetes version: write major, minor and patch, such as v1.35.4',
      ),
    ],
  });
}

/** The name of a control plane is also the name of its Service and the value of a label (RFC 1035 label). */
export const controlPlaneName = rule(
  "self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$') && size(self.metadata.name) <= 63",
  'metadata.name {self.metadata.name} cannot name a Service: use at most 63 lower-case letters, digits and hyphens, beginning with a letter',
);
