import type { Example, Field, FieldTable, Parts } from '../field.ts';

const of = (parts: object): Parts => ({ controlPlane: { deployment: parts } });
const sql: Parts = { dataStore: 'sql' };
const components = {
  apiServer: 'kube-apiserver',
  controllerManager: 'kube-controller-manager',
  scheduler: 'kube-scheduler',
} as const;
const resources = {
  limits: { cpu: '2', memory: '3Gi' },
  requests: { cpu: '300m', memory: '1Gi' },
  claims: [{ name: 'device', request: 'one' }],
};
const mount = {
  name: 'mine',
  mountPath: '/mine',
  readOnly: true,
  recursiveReadOnly: 'IfPossible',
  subPath: 'part',
  mountPropagation: 'None',
};
const container = { name: 'mine', image: 'mine:1' };
const volume = { name: 'mine', emptyDir: {} };
const podSecurityContext = { runAsUser: 1000, runAsGroup: 1000, runAsNonRoot: true, fsGroup: 2000 };
const securityContext = { runAsUser: 1001, runAsGroup: 1001, runAsNonRoot: true, readOnlyRootFilesystem: true };

/** What is in the pods. */
export const containers: FieldTable = {
  'controlPlane.deployment.additionalContainers': {
    does: 'containers beside those of the control plane, before them',
    set: of({ additionalContainers: [container] }),
    sees: (it) => it.pod('containers', 0, 'image'),
    is: container.image,
  },
  'controlPlane.deployment.additionalInitContainers': {
    does: 'init containers',
    set: of({ additionalInitContainers: [container] }),
    sees: (it) => it.pod('initContainers', 0, 'image'),
    is: container.image,
  },
  'controlPlane.deployment.additionalVolumes': {
    does: 'volumes of the pods',
    set: of({ additionalVolumes: [volume] }),
    sees: (it) => it.pod('volumes', 0),
    is: volume,
  },
  'controlPlane.deployment.podSecurityContext': {
    does: 'security options of the pods; with another identity than root, key files belong to its group',
    set: of({ podSecurityContext }),
    sees: (it) => [it.pod('securityContext'), modesOf(it.pod('volumes'))],
    is: [{ seccompProfile: { type: 'RuntimeDefault' }, ...podSecurityContext }, [0o640]],
  },
  ...forComponents('additionalVolumeMounts', (component, name) => ({
    does: `volume mounts of ${name}`,
    set: of({ additionalVolumeMounts: { [component]: [mount] } }),
    sees: (it) => it.container(name, 'volumeMounts', 0),
    is: mount,
  })),
  ...Object.fromEntries(
    Object.entries(components).map(([component, name]): [string, Field] => [
      `controlPlane.deployment.additionalVolumeMounts.${component}[].subPathExpr`,
      {
        does: `as subPath, with variables of ${name}’s environment`,
        set: of({ additionalVolumeMounts: { [component]: [{ ...mount, subPathExpr: '$(POD)' }] } }),
        sees: (it) => it.container(name, 'volumeMounts', 0, 'subPathExpr'),
        is: '$(POD)',
      },
    ]),
  ),
  ...forComponents('containerSecurityContexts', (component, name) => ({
    does: `security options of ${name}`,
    set: of({ containerSecurityContexts: { [component]: securityContext } }),
    sees: (it) => it.container(name, 'securityContext'),
    is: securityContext,
  })),
  ...forComponents('resources', (component, name) => ({
    does: `compute resources of ${name}`,
    set: of({ resources: { [component]: resources } }),
    sees: (it) => it.container(name, 'resources'),
    is: resources,
    whole: true,
  })),
  'controlPlane.deployment.resources.kine': {
    does: 'compute resources of kine, where the store needs it',
    set: of({ resources: { kine: resources } }),
    given: sql,
    sees: (it) => it.container('kine', 'resources'),
    is: resources,
    whole: true,
  },
  'controlPlane.deployment.extraArgs.apiServer': {
    does: 'arguments of kube-apiserver, in their order, repeated ones too; those that the system needs are not replaced',
    set: of({ extraArgs: { apiServer: ['--v=3', '--secure-port=1', '--tls-sni-cert-key=a', '--tls-sni-cert-key=b'] } }),
    sees: (it) => ['--v', '--secure-port', '--tls-sni-cert-key'].map((flag) => it.flag('kube-apiserver', flag)),
    is: [['3'], ['6443'], ['a', 'b']],
  },
  'controlPlane.deployment.extraArgs.controllerManager': {
    does: 'arguments of kube-controller-manager, which win over the system’s',
    set: of({ extraArgs: { controllerManager: ['--v=3', '--node-cidr-mask-size=25', '--leader-elect=false'] } }),
    sees: (it) =>
      ['--v', '--node-cidr-mask-size', '--leader-elect'].map((flag) => it.flag('kube-controller-manager', flag)),
    is: [['3'], ['25'], ['false']],
  },
  'controlPlane.deployment.extraArgs.scheduler': {
    does: 'arguments of kube-scheduler; those that the system needs are not replaced',
    set: of({ extraArgs: { scheduler: ['--v=3', '--leader-elect=false'] } }),
    sees: (it) => ['--v', '--leader-elect'].map((flag) => it.flag('kube-scheduler', flag)),
    is: [['3'], ['true']],
  },
  'controlPlane.deployment.extraArgs.kine': {
    does: 'arguments of kine, which win over all but the endpoint',
    set: of({ extraArgs: { kine: ['--debug', '--endpoint=mine'] } }),
    given: sql,
    sees: (it) => [it.flag('kine', '--debug'), it.flag('kine', '--endpoint').join().startsWith('postgres://')],
    is: [[''], true],
  },
};

function forComponents(
  group: 'additionalVolumeMounts' | 'containerSecurityContexts' | 'resources',
  field: (component: string, container: string) => Example,
): FieldTable {
  return Object.fromEntries(
    Object.entries(components).map(([component, name]) => [
      `controlPlane.deployment.${group}.${component}`,
      { whole: true, ...field(component, name) },
    ]),
  );
}

/** File modes of the volumes of Secrets. */
function modesOf(volumes: unknown): readonly number[] {
  const modes = JSON.stringify(volumes).matchAll(/"defaultMode":(\d+)/gu);
  return [...new Set([...modes].map(([, mode]) => Number(mode)))];
}
