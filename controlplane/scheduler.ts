import { DEFAULT_SCHEDULER_IMAGE } from '#api/kamaji/v1alpha1/defaults.ts';
import { mergeArguments } from './args.ts';
import type { Part, PartContext } from './part.ts';
import { componentImage } from './part.ts';
import { probesOf } from './probes.ts';
import { resourcesOf } from './resources.ts';
import { containerSecurity } from './security.ts';
import { projectedVolume, secretFiles } from './volumes.ts';

const VOLUME = 'scheduler-kubeconfig';
const DIRECTORY = '/etc/kubernetes';
const KUBECONFIG = `${DIRECTORY}/scheduler.conf`;

const FLAGS = {
  '--authentication-kubeconfig': KUBECONFIG,
  '--authorization-kubeconfig': KUBECONFIG,
  '--bind-address': '0.0.0.0',
  '--kubeconfig': KUBECONFIG,
  '--leader-elect': 'true',
};

/** kube-scheduler. */
export function scheduler({ input, names, security }: PartContext): Part {
  const { tenantControlPlane } = input;
  const { deployment } = tenantControlPlane.spec.controlPlane;
  const target = { port: 10259, liveness: '/healthz', readiness: '/healthz', startup: '/healthz' };
  return {
    container: {
      name: 'kube-scheduler',
      image: componentImage(tenantControlPlane, 'schedulerImage', DEFAULT_SCHEDULER_IMAGE),
      imagePullPolicy: 'IfNotPresent',
      command: ['kube-scheduler'],
      args: mergeArguments(FLAGS, deployment?.extraArgs?.scheduler, 'system'),
      resources: resourcesOf(deployment?.resources?.scheduler, { cpu: '10m', memory: '32Mi' }),
      ...probesOf(tenantControlPlane, 'scheduler', target),
      securityContext: containerSecurity(deployment?.containerSecurityContexts?.scheduler),
      volumeMounts: [
        ...(deployment?.additionalVolumeMounts?.scheduler ?? []),
        { name: VOLUME, mountPath: DIRECTORY, readOnly: true },
      ],
    },
    volumes: [
      projectedVolume(VOLUME, security.fileMode, [
        secretFiles(names.schedulerKubeconfig, { 'scheduler.conf': 'scheduler.conf' }),
      ]),
    ],
  };
}
