import { DEFAULT_CONTROLLER_MANAGER_IMAGE } from '#api/kamaji/v1alpha1/defaults.ts';
import { mergeArguments } from './args.ts';
import { networksOf } from './networks.ts';
import type { Part, PartContext } from './part.ts';
import { componentImage } from './part.ts';
import { probesOf } from './probes.ts';
import { resourcesOf } from './resources.ts';
import { containerSecurity } from './security.ts';
import { PKI_DIRECTORY, projectedVolume, secretFiles } from './volumes.ts';

const VOLUME = 'controller-manager-kubeconfig';
const DIRECTORY = '/etc/kubernetes';
/** Key of the CA's Secret with the one certificate of a bundle that signs. */
export const SIGNER_KEY = 'signer.crt';

const KUBECONFIG = `${DIRECTORY}/controller-manager.conf`;

/** kube-controller-manager: the only process with the key of the cluster's certificate authority, for it signs nodes' requests. */
export function controllerManager({ input, names, security }: PartContext): Part {
  const { tenantControlPlane } = input;
  const { deployment } = tenantControlPlane.spec.controlPlane;
  const target = { port: 10257, liveness: '/healthz', readiness: '/healthz', startup: '/healthz' };
  return {
    container: {
      name: 'kube-controller-manager',
      image: componentImage(tenantControlPlane, 'controllerManagerImage', DEFAULT_CONTROLLER_MANAGER_IMAGE),
      imagePullPolicy: 'IfNotPresent',
      command: ['kube-controller-manager'],
      args: mergeArguments(flags(input), deployment?.extraArgs?.controllerManager, 'user'),
      resources: resourcesOf(deployment?.resources?.controllerManager, { cpu: '25m', memory: '64Mi' }),
      ...probesOf(tenantControlPlane, 'controllerManager', target),
      securityContext: containerSecurity(deployment?.containerSecurityContexts?.controllerManager),
      volumeMounts: [
        ...(deployment?.additionalVolumeMounts?.controllerManager ?? []),
        { name: VOLUME, mountPath: DIRECTORY, readOnly: true },
      ],
    },
    volumes: [
      projectedVolume(VOLUME, security.fileMode, [
        secretFiles(names.controllerManagerKubeconfig, { 'controller-manager.conf': 'controller-manager.conf' }),
        secretFiles(names.ca, {
          'ca.crt': 'pki/ca.crt',
          'ca.key': 'pki/ca.key',
          ...(input.caIsBundle === true && { [SIGNER_KEY]: `pki/${SIGNER_KEY}` }),
        }),
        secretFiles(names.frontProxyCa, { 'front-proxy-ca.crt': 'pki/front-proxy-ca.crt' }),
        secretFiles(names.serviceAccount, { 'sa.key': 'pki/sa.key' }),
      ]),
    ],
  };
}

function flags({ tenantControlPlane, caIsBundle = false }: PartContext['input']): Record<string, string> {
  const { podCidrs, serviceCidrs } = networksOf(tenantControlPlane);
  return {
    ...(podCidrs.length > 0
      ? { '--allocate-node-cidrs': 'true', '--cluster-cidr': podCidrs.join(',') }
      : { '--allocate-node-cidrs': 'false' }),
    '--authentication-kubeconfig': KUBECONFIG,
    '--authorization-kubeconfig': KUBECONFIG,
    '--bind-address': '0.0.0.0',
    '--client-ca-file': `${PKI_DIRECTORY}/ca.crt`,
    '--cluster-name': tenantControlPlane.metadata.name ?? '',
    // Over a file of several certificates it signs nothing.
    '--cluster-signing-cert-file': `${PKI_DIRECTORY}/${caIsBundle ? SIGNER_KEY : 'ca.crt'}`,
    '--cluster-signing-key-file': `${PKI_DIRECTORY}/ca.key`,
    '--controllers': '*,bootstrapsigner,tokencleaner',
    '--kubeconfig': KUBECONFIG,
    '--leader-elect': 'true',
    '--requestheader-client-ca-file': `${PKI_DIRECTORY}/front-proxy-ca.crt`,
    '--root-ca-file': `${PKI_DIRECTORY}/ca.crt`,
    '--service-account-private-key-file': `${PKI_DIRECTORY}/sa.key`,
    '--service-cluster-ip-range': serviceCidrs.join(','),
    '--use-service-account-credentials': 'true',
  };
}
