import { tenantControlPlanes } from '#api/kinds.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { labels, PROJECT } from '#api/labels.ts';
import type { OwnerReference } from '#api/meta.ts';
import type { LabelSelector, PodSpec } from './pod.ts';

/** Metadata of an object of a control plane. */
export interface OwnedObjectMeta {
  name: string;
  namespace: string;
  labels: { [key: string]: string };
  annotations?: { [key: string]: string };
  ownerReferences: OwnerReference[];
}

/** Kubernetes: apps/v1 Deployment. */
export interface Deployment {
  apiVersion: 'apps/v1';
  kind: 'Deployment';
  metadata: OwnedObjectMeta;
  spec: {
    replicas: number;
    revisionHistoryLimit: number;
    selector: LabelSelector;
    strategy: { type: string; rollingUpdate?: { maxUnavailable: number | string; maxSurge: number | string } };
    template: {
      metadata: { labels: { [key: string]: string }; annotations?: { [key: string]: string } };
      spec: PodSpec;
    };
  };
}

/** Kubernetes: core/v1 ServicePort. */
export interface ServicePort {
  name: string;
  protocol: string;
  port: number;
  targetPort: number | string;
  appProtocol?: string;
  nodePort?: number;
}

/** Kubernetes: core/v1 Service. */
export interface Service {
  apiVersion: 'v1';
  kind: 'Service';
  metadata: OwnedObjectMeta;
  spec: {
    type: string;
    selector: { [key: string]: string };
    ports: ServicePort[];
    externalIPs?: string[];
    allocateLoadBalancerNodePorts?: boolean;
    loadBalancerClass?: string;
    loadBalancerSourceRanges?: string[];
  };
}

/** Kubernetes: core/v1 ConfigMap. */
export interface ConfigMap {
  apiVersion: 'v1';
  kind: 'ConfigMap';
  metadata: OwnedObjectMeta;
  data: { [key: string]: string };
}

/** Kubernetes: policy/v1 PodDisruptionBudget. */
export interface PodDisruptionBudget {
  apiVersion: 'policy/v1';
  kind: 'PodDisruptionBudget';
  metadata: OwnedObjectMeta;
  spec: { maxUnavailable: number; unhealthyPodEvictionPolicy: string; selector: LabelSelector };
}

/** Kubernetes: networking/v1 NetworkPolicyPeer. */
export interface NetworkPolicyPeer {
  ipBlock?: { cidr: string; except?: string[] };
  namespaceSelector?: LabelSelector;
  podSelector?: LabelSelector;
}

/** Kubernetes: networking/v1 NetworkPolicyPort. */
export interface NetworkPolicyPort {
  protocol: string;
  port: number | string;
}

/** Kubernetes: networking/v1 NetworkPolicy. */
export interface NetworkPolicy {
  apiVersion: 'networking.k8s.io/v1';
  kind: 'NetworkPolicy';
  metadata: OwnedObjectMeta;
  spec: {
    podSelector: LabelSelector;
    policyTypes: string[];
    ingress: { from?: NetworkPolicyPeer[]; ports?: NetworkPolicyPort[] }[];
    egress: { to?: NetworkPolicyPeer[]; ports?: NetworkPolicyPort[] }[];
  };
}

/** Metadata that a user adds to an object. */
export interface AdditionalMetadata {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Metadata of an object that belongs to the TenantControlPlane: removed with it, labelled as upstream labels it. */
export function ownedMetadata(
  owner: TenantControlPlane,
  name: string,
  component: string,
  additional: AdditionalMetadata = {},
): OwnedObjectMeta {
  const { annotations } = additional;
  return {
    name,
    namespace: owner.metadata.namespace ?? '',
    labels: {
      ...additional.labels,
      [labels.project]: PROJECT,
      [labels.name]: owner.metadata.name ?? '',
      [labels.component]: component,
    },
    ...(annotations !== undefined && Object.keys(annotations).length > 0 && { annotations: { ...annotations } }),
    ownerReferences: [
      {
        apiVersion: `${tenantControlPlanes.group}/${tenantControlPlanes.version}`,
        kind: tenantControlPlanes.kind,
        name: owner.metadata.name ?? '',
        uid: owner.metadata.uid ?? '',
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  };
}

/** Component of the pods, and of the Deployment that makes them. */
export const POD_COMPONENT = 'deployment';

/** The labels by which everything but the Deployment (whose selector is older and cannot change) finds the pods. */
export function podSelectorLabels(owner: TenantControlPlane): { [key: string]: string } {
  return { [labels.name]: owner.metadata.name ?? '', [labels.component]: POD_COMPONENT };
}
