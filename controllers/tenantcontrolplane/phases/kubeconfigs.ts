import { labels } from '#api/labels.ts';
import { rotationRequested } from '#api/rotation.ts';
import type { KubeconfigReissue } from '#bootstrap/kubeconfig.ts';
import { obtainKubeconfig } from '#bootstrap/kubeconfig.ts';
import type { NamesOfControlPlane } from '#controlplane/names.ts';
import type { CertificatePair } from '#pki/authority.ts';
import { KUBECONFIG_CERTIFICATES } from '#pki/control-plane.ts';
import { secretText } from '#runtime/client/secret-data.ts';
import type { SecretDraft } from '../secrets.ts';
import type { IssuingInput } from './certificates.ts';

/** Where the users of a control plane's kubeconfigs find its API server. */
export interface KubeconfigServers {
  /** What tenants, their nodes and Cluster API use: `https://host:port`. */
  readonly published: string;
  /** The Service, from inside the management cluster. */
  readonly service: string;
  /** From inside the control plane's own pod. */
  readonly loopback: string;
}

/** A Secret of kubeconfigs: its keys, and for each the user and the server. */
interface KubeconfigWish {
  readonly secretName: string;
  readonly component: string;
  readonly keys: Readonly<
    Record<string, { readonly user: keyof typeof KUBECONFIG_CERTIFICATES; readonly server: string }>
  >;
}

export interface GrantedKubeconfigs {
  readonly draft: SecretDraft;
  readonly reissued: readonly KubeconfigReissue[];
  readonly renewAt: Date;
}

/** The kubeconfig Secrets of a control plane, by upstream's names and keys. */
export function kubeconfigWishes(
  names: NamesOfControlPlane,
  servers: KubeconfigServers,
  konnectivity: boolean,
): readonly KubeconfigWish[] {
  return [
    {
      secretName: names.adminKubeconfig,
      component: 'admin-kubeconfig',
      keys: {
        'admin.conf': { user: 'admin', server: servers.published },
        'super-admin.conf': { user: 'super-admin', server: servers.published },
        'admin.svc': { user: 'admin', server: servers.service },
        'super-admin.svc': { user: 'super-admin', server: servers.service },
      },
    },
    {
      secretName: names.controllerManagerKubeconfig,
      component: 'controller-manager-kubeconfig',
      keys: { 'controller-manager.conf': { user: 'controller-manager', server: servers.loopback } },
    },
    {
      secretName: names.schedulerKubeconfig,
      component: 'scheduler-kubeconfig',
      keys: { 'scheduler.conf': { user: 'scheduler', server: servers.loopback } },
    },
    ...(konnectivity
      ? [
          {
            secretName: names.konnectivityKubeconfig,
            component: 'konnectivity-kubeconfig',
            keys: { 'konnectivity-server.conf': { user: 'konnectivity-server', server: servers.loopback } },
          } as const,
        ]
      : []),
  ];
}

/** Grants a wish, key by key, from what the Secret holds or by a new client certificate. */
export async function grantKubeconfigs(
  wish: KubeconfigWish,
  clusterName: string,
  authority: CertificatePair,
  input: IssuingInput,
): Promise<GrantedKubeconfigs> {
  const secret = input.secrets.get(wish.secretName);
  const rotateRequested = rotationRequested(secret);
  const entries = await Promise.all(
    Object.entries(wish.keys).map(async ([key, { user, server }]) => {
      const request = { server, clusterName, authority, certificate: KUBECONFIG_CERTIFICATES[user] };
      const wanted = { stored: secretText(secret, key), request, rotateRequested };
      return { key, ...(await obtainKubeconfig(wanted, input)) };
    }),
  );
  return {
    draft: {
      name: wish.secretName,
      component: wish.component,
      labels: { [labels.certificateLifecycle]: 'kubeconfig' },
      data: Object.fromEntries(entries.map(({ key, text }) => [key, text])),
      ...(rotateRequested ? { rotatedAt: input.now.toISOString() } : {}),
    },
    reissued: entries.flatMap(({ reissue }) => (reissue === undefined ? [] : [reissue])),
    renewAt: new Date(Math.min(...entries.map(({ renewAt }) => renewAt.getTime()))),
  };
}
