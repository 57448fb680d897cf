import { metadataFields } from '../../core/pod.ts';
import { kamajiControlPlaneTemplates } from '../../kinds.ts';
import type { ObjectMeta } from '../../meta.ts';
import { customResourceDefinition } from '../../schema/crd.ts';
import type { Infer } from '../../schema/schema.ts';
import { object, optional } from '../../schema/schema.ts';
import { controlPlaneFields } from './control-plane-spec.ts';

/** What a ClusterClass makes KamajiControlPlanes from. */
export type KamajiControlPlaneTemplate = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: KamajiControlPlaneTemplateSpec;
};

export type KamajiControlPlaneTemplateSpec = Infer<typeof spec>;

const spec = object('What is copied.', {
  template: object('The KamajiControlPlane that is made.', {
    metadata: optional(object('Labels and annotations that it gets.', metadataFields, { minProperties: 1 })),
    spec: object('Its spec, without version, replicas and endpoint: the Cluster says those.', controlPlaneFields),
  }),
});

/** The CustomResourceDefinition of KamajiControlPlaneTemplate. */
export const kamajiControlPlaneTemplateCrd = customResourceDefinition({
  coordinates: kamajiControlPlaneTemplates,
  description: 'What the KamajiControlPlanes of a ClusterClass are made from.',
  shortNames: ['ktcpt'],
  categories: ['cluster-api', 'kamaji'],
  labels: { 'cluster.x-k8s.io/provider': 'control-plane-kamaji', 'cluster.x-k8s.io/v1beta2': 'v1alpha2' },
  columns: [{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }],
  spec,
});
