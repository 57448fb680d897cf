/** A ConfigMap. */
export function map(name: string, rest: object = {}): object {
  return { metadata: { name }, data: { a: '1' }, ...rest };
}

export function secret(name: string, rest: object = {}): object {
  return { metadata: { name }, data: { a: 'MQ==' }, ...rest };
}

export function lease(name: string, spec: object = {}): object {
  return { metadata: { name }, spec: { holderIdentity: 'a', leaseDurationSeconds: 15, ...spec } };
}

export function service(name: string, spec: object = {}, metadata: object = {}): object {
  const ports = [{ name: 'api', port: 6443, targetPort: 6443, protocol: 'TCP' }];
  return { metadata: { name, ...metadata }, spec: { selector: { app: name }, ports, ...spec } };
}

export function podSpec(): object {
  return { containers: [{ name: 'main', image: 'example.com/main:v1' }] };
}

export function pod(name: string, spec: object = {}, metadata: object = {}): object {
  return { metadata: { name, ...metadata }, spec: { ...podSpec(), ...spec } };
}

export function deployment(name: string, spec: object = {}, metadata: object = {}): object {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: podSpec() };
  return {
    metadata: { name, ...metadata },
    spec: { replicas: 2, selector: { matchLabels: labels }, template, ...spec },
  };
}

export function statefulSet(name: string, spec: object = {}): object {
  return deployment(name, { serviceName: name, ...spec });
}

/** An owner reference to an object that a server has answered with. */
export function ownedBy(
  kind: string,
  apiVersion: string,
  owner: { metadata: { name?: string; uid?: string } },
  rest: object = {},
): object {
  const { name, uid } = owner.metadata;
  return { apiVersion, kind, name, uid, ...rest };
}

export function tenantControlPlane(name: string, spec: object = {}, metadata: object = {}): object {
  return {
    metadata: { name, ...metadata },
    spec: {
      controlPlane: { service: { serviceType: 'ClusterIP' } },
      kubernetes: { version: 'v1.35.4', kubelet: {} },
      ...spec,
    },
  };
}

export function dataStore(name: string): object {
  const reference = (key: string): object => ({
    secretReference: { name: 'certs', namespace: 'default', keyPath: key },
  });
  return {
    metadata: { name },
    spec: {
      driver: 'etcd',
      endpoints: ['etcd.default.svc:2379'],
      tlsConfig: {
        certificateAuthority: { certificate: reference('ca.crt'), privateKey: reference('ca.key') },
        clientCertificate: { certificate: reference('tls.crt'), privateKey: reference('tls.key') },
      },
    },
  };
}
