import { labels } from '#api/labels.ts';
import { rotationRequested } from '#api/rotation.ts';
import type { NamesOfControlPlane } from '#controlplane/names.ts';
import type { CertificatePair, CertificateRequest } from '#pki/authority.ts';
import { intermediatesPem, issue } from '#pki/authority.ts';
import type { ServingNames } from '#pki/control-plane.ts';
import { controlPlaneCertificates, datastoreCertificate, KUBECONFIG_CERTIFICATES } from '#pki/control-plane.ts';
import { parseCertificate } from '#pki/inspect.ts';
import type { KeyAlgorithm } from '#pki/key.ts';
import type { Reissue } from '#pki/policies.ts';
import { certificateReissue, noteIssued, renewalTime } from '#pki/policies.ts';
import { issueUnderSeveral } from '#pki/several-authorities.ts';
import type { Secret } from '#runtime/client/builtin.ts';
import { secretText } from '#runtime/client/secret-data.ts';
import type { SecretDraft } from '../secrets.ts';
import type { Authorities } from './authorities.ts';

/** A certificate for one Secret: what it should say, who signs it, and the keys that hold it. */
export interface CertificateWish {
  readonly secretName: string;
  readonly component: string;
  readonly type?: string;
  readonly certificateKey: string;
  readonly privateKeyKey: string;
  readonly authority: CertificatePair;
  /** Further authorities whose followers must accept it. */
  readonly others?: readonly CertificatePair[];
  readonly request: CertificateRequest;
  /** What the Secret holds beside the pair. */
  readonly extra?: Readonly<Record<string, string>>;
}

/** A certificate that serves, and what came of looking. */
export interface IssuedCertificate {
  readonly pair: CertificatePair;
  readonly reissue: Reissue | undefined;
  readonly renewAt: Date;
  readonly rotatedAt?: string;
}

export interface IssuingInput {
  readonly secrets: ReadonlyMap<string, Secret>;
  readonly now: Date;
  readonly renewBeforeMs: number;
  readonly algorithm: KeyAlgorithm;
}

/** The certificates that the processes of a control plane hold, one Secret each. */
export function certificateWishes(
  names: NamesOfControlPlane,
  authorities: Authorities,
  servingNames: ServingNames,
  konnectivity: boolean,
): readonly CertificateWish[] {
  const wanted = controlPlaneCertificates(servingNames);
  return [
    {
      secretName: names.apiServerCertificate,
      component: 'api-server-certificate',
      certificateKey: 'apiserver.crt',
      privateKeyKey: 'apiserver.key',
      authority: authorities.ca,
      request: wanted.apiserver,
    },
    {
      secretName: names.apiServerKubeletClient,
      component: 'api-server-kubelet-client-certificate',
      certificateKey: 'apiserver-kubelet-client.crt',
      privateKeyKey: 'apiserver-kubelet-client.key',
      authority: authorities.ca,
      request: wanted['apiserver-kubelet-client'],
    },
    {
      secretName: names.frontProxyClient,
      component: 'front-proxy-client-certificate',
      certificateKey: 'front-proxy-client.crt',
      privateKeyKey: 'front-proxy-client.key',
      authority: authorities.frontProxyCa,
      request: wanted['front-proxy-client'],
    },
    ...(konnectivity
      ? [
          {
            secretName: names.konnectivityCertificate,
            component: 'konnectivity-certificate',
            type: 'kubernetes.io/tls',
            certificateKey: 'tls.crt',
            privateKeyKey: 'tls.key',
            authority: authorities.ca,
            request: KUBECONFIG_CERTIFICATES['konnectivity-server'],
          },
        ]
      : []),
  ];
}

/** The client certificate by which the tenant's API server is known to its etcd, and to those of its overrides, whose authorities are `others`. */
export function datastoreCertificateWish(
  names: NamesOfControlPlane,
  authority: CertificatePair,
  user: string,
  others: readonly CertificatePair[] = [],
): CertificateWish {
  return {
    secretName: names.datastoreCertificate,
    component: 'datastore-certificate',
    certificateKey: 'server.crt',
    privateKeyKey: 'server.key',
    authority,
    others,
    request: datastoreCertificate(user),
    extra: { 'ca.crt': bundleOf([authority, ...others]) },
  };
}

/** Grants a wish from what its Secret holds, or by a new certificate where the policies object to that. */
export async function grantWish(
  wish: CertificateWish,
  input: IssuingInput,
): Promise<IssuedCertificate & { readonly draft: SecretDraft }> {
  const secret = input.secrets.get(wish.secretName);
  const issued = await obtain(
    {
      stored: {
        certificatePem: secretText(secret, wish.certificateKey),
        privateKeyPem: secretText(secret, wish.privateKeyKey),
      },
      authority: wish.authority,
      ...(wish.others === undefined ? {} : { others: wish.others }),
      request: wish.request,
      rotateRequested: rotationRequested(secret),
    },
    input,
  );
  return {
    ...issued,
    draft: {
      name: wish.secretName,
      component: wish.component,
      ...(wish.type === undefined ? {} : { type: wish.type }),
      labels: { [labels.certificateLifecycle]: 'x509' },
      data: {
        [wish.certificateKey]: presented(issued.pair.certificatePem, wish),
        [wish.privateKeyKey]: issued.pair.privateKeyPem,
        ...wish.extra,
      },
      ...(issued.rotatedAt === undefined ? {} : { rotatedAt: issued.rotatedAt }),
    },
  };
}

// One who knows the root of a brought authority only has to be shown the way there.
function presented(certificatePem: string, { authority, others = [] }: CertificateWish): string {
  if (others.length > 0) return certificatePem;
  const intermediates = intermediatesPem(authority);
  return intermediates === '' ? certificatePem : `${parseCertificate(certificatePem).toString()}${intermediates}`;
}

/** What one has to trust to trust all of them. That of a single one is left as it is. */
function bundleOf(authorities: readonly CertificatePair[]): string {
  if (authorities.length === 1) return authorities[0]?.certificatePem ?? '';
  return authorities.map(({ certificatePem }) => `${certificatePem.trim()}\n`).join('');
}

/** The stored pair where it serves, else a new one. */
export async function obtain(
  wanted: {
    readonly stored: { readonly certificatePem: string | undefined; readonly privateKeyPem: string | undefined };
    readonly authority: CertificatePair;
    readonly others?: readonly CertificatePair[];
    readonly request: CertificateRequest;
    readonly rotateRequested: boolean;
  },
  input: IssuingInput,
): Promise<IssuedCertificate> {
  const { now, renewBeforeMs, algorithm } = input;
  const { stored, authority, others = [], request, rotateRequested } = wanted;
  const reissue = certificateReissue({
    stored,
    authority,
    others,
    wanted: request,
    now,
    renewBeforeMs,
    rotateRequested,
  });
  const { certificatePem, privateKeyPem } = stored;
  const serves = reissue === undefined && certificatePem !== undefined && privateKeyPem !== undefined;
  const pair = serves
    ? { certificatePem, privateKeyPem }
    : others.length === 0
      ? await issue({ ...request, authority, algorithm, now })
      : await issueUnderSeveral({ ...request, authorities: [authority, ...others], algorithm, now });
  return {
    pair,
    reissue,
    renewAt:
      serves || others.length > 0
        ? renewalTime(pair.certificatePem, renewBeforeMs)
        : noteIssued({ stored: pair, authority, wanted: request, renewBeforeMs }),
    ...(rotateRequested ? { rotatedAt: now.toISOString() } : {}),
  };
}
