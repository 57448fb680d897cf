import type { Condition, ObjectMeta } from '../meta.ts';

/** Gateway API: ParentReference. */
export interface ParentReference {
  group?: string;
  kind?: string;
  namespace?: string;
  name: string;
  sectionName?: string;
  port?: number;
}

/** What a Gateway says of a route (Gateway API: RouteParentStatus). */
export interface RouteParentStatus {
  parentRef: ParentReference;
  controllerName: string;
  conditions?: Condition[];
}

/** What this project reads and writes of `tlsroutes.gateway.networking.k8s.io` v1. */
export interface TlsRoute {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: {
    parentRefs: ParentReference[];
    hostnames: string[];
    rules: { backendRefs: { name: string; port: number }[] }[];
  };
  status?: { parents?: RouteParentStatus[] };
}

/** What this project reads of `gateways.gateway.networking.k8s.io` v1. */
export interface Gateway {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: { listeners: { name: string; port: number; protocol: string }[] };
  status?: { addresses?: { type?: string; value: string }[]; conditions?: Condition[] };
}
