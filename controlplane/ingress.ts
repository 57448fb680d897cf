import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { apiPortOf } from './address.ts';
import { namesOfControlPlane } from './names.ts';
import type { OwnedObjectMeta } from './objects.ts';
import { ownedMetadata } from './objects.ts';

/** Kubernetes: networking/v1 Ingress. */
export interface Ingress {
  apiVersion: 'networking.k8s.io/v1';
  kind: 'Ingress';
  metadata: OwnedObjectMeta;
  spec: {
    ingressClassName?: string;
    rules: {
      host: string;
      http: {
        paths: {
          path: string;
          pathType: string;
          backend: { service: { name: string; port: { number: number } } };
        }[];
      };
    }[];
  };
}

/**
 * The Ingress in front of the API server; undefined where the user wants none or has not given its host name. That TLS is
 * passed through is said by annotations of the Ingress controller at hand, which are the user's (`additionalMetadata`).
 */
export function controlPlaneIngress(tenantControlPlane: TenantControlPlane): Ingress | undefined {
  const { ingress } = tenantControlPlane.spec.controlPlane;
  const host = ingress?.hostname?.replace(/:\d+$/u, '') ?? '';
  if (ingress === undefined || host === '') return undefined;
  const names = namesOfControlPlane(tenantControlPlane.metadata.name ?? '');
  const backend = { service: { name: names.service, port: { number: apiPortOf(tenantControlPlane) } } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: ownedMetadata(tenantControlPlane, names.ingress, 'ingress', ingress.additionalMetadata),
    spec: {
      ...(ingress.ingressClassName ? { ingressClassName: ingress.ingressClassName } : {}),
      rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
    },
  };
}
