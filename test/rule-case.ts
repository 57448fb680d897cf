import type { Kind } from '#api/kinds.ts';
import type { JsonObject } from '#api/schema/json-schema.ts';

/** One CEL rule, a spec that it accepts and one that it refuses. */
export interface RuleCase {
  readonly title: string;
  readonly kind: Omit<Kind<unknown>, 'objectType'>;
  /** With a transition rule: the spec that the object is created with, before it is changed to the other two. */
  readonly from?: JsonObject;
  /** With `from`: the status that the object has when it is changed. */
  readonly status?: JsonObject;
  readonly accepted: JsonObject;
  readonly refused: JsonObject;
  /** Words of the refusal: the field or value, and the remedy. */
  readonly says: RegExp;
  /** Name of the refused object, where the rule is about names. */
  readonly refusedName?: string;
}

/** The spec of a TenantControlPlane, by the parts that a case is about. */
export function tcp(more: {
  service?: JsonObject;
  network?: JsonObject;
  controlPlane?: JsonObject;
  kubernetes?: JsonObject;
  spec?: JsonObject;
  version?: string;
}): JsonObject {
  return {
    controlPlane: { service: { serviceType: 'ClusterIP', ...more.service }, ...more.controlPlane },
    kubernetes: { version: more.version ?? 'v1.35.4', kubelet: {}, ...more.kubernetes },
    ...(more.network && { networkProfile: more.network }),
    ...more.spec,
  };
}

/** The spec of a KamajiControlPlane. */
export function kcp(network: JsonObject, more: JsonObject = {}): JsonObject {
  return { version: 'v1.35.4', network, ...more };
}

/** The status of a TenantControlPlane whose pods run that version, as far as rules read it. */
export function running(version: string): JsonObject {
  return { kubernetesResources: { version: { version }, deployment: { name: 'any' } } };
}
