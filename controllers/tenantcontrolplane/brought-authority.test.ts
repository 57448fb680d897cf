import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import forge from 'node-forge';
import { stringify } from 'yaml';
import { annotations } from '#api/labels.ts';
import { bootstrapTokenSecret, generateBootstrapToken } from '#bootstrap/bootstrap-token.ts';
import { CLUSTER_INFO } from '#bootstrap/cluster-info.ts';
import { joinConfiguration } from '#bootstrap/join-cloud-config.ts';
import { parseKubeconfig } from '#bootstrap/kubeconfig.ts';
import type { CertificatePair } from '#pki/authority.ts';
import { createAuthority } from '#pki/authority.ts';
import { createIntermediate } from '#pki/intermediate-authority.fake.ts';
import { generateKeyPair } from '#pki/key.ts';
import { certificateSigningRequests, configMaps, secrets } from '#runtime/client/builtin.ts';
import type { ObjectKey } from '#runtime/client/resource.ts';
import { freePorts } from '#test/ports.ts';
import type { RunningTenant } from './running-tenant.fake.ts';
import { runProgram, secretText } from './running-tenant.fake.ts';
import { NAMESPACE, startWorld } from './world.fake.ts';
import type { World } from './world.fake.ts';

const now = new Date();
const ecRoot = await createAuthority({ commonName: 'company-root', now });
const rsaRoot = await createAuthority({ commonName: 'company-root', algorithm: 'RSA-2048', now });
const below = async (authority: CertificatePair, algorithm: 'ECDSA-P256' | 'RSA-2048'): Promise<CertificatePair> => {
  const { certificatePem, privateKeyPem } = await createIntermediate({
    authority,
    algorithm,
    commonName: 'cluster',
    now,
  });
  return { certificatePem: certificatePem + authority.certificatePem, privateKeyPem };
};

const brought: readonly [name: string, what: string, root: CertificatePair, authority: CertificatePair][] = [
  ['ec', 'a CA of the user with an EC key', ecRoot, ecRoot],
  ['rsa', 'a CA of the user with an RSA key', rsaRoot, rsaRoot],
  ['ec-below-rsa', 'an intermediate CA with an EC key below an RSA root', rsaRoot, await below(rsaRoot, 'ECDSA-P256')],
  ['rsa-below-ec', 'an intermediate CA with an RSA key below an EC root', ecRoot, await below(ecRoot, 'RSA-2048')],
];

suite('a control plane under a brought certificate authority, with real components', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world?.[Symbol.asyncDispose]());

  for (const [name, what, root, authority] of brought) {
    suite(what, () => {
      let key: ObjectKey;
      let tenant: RunningTenant;
      const beside = (secret: string, item: string): Promise<string> =>
        secretText(world.client, { ...key, name: `${name}-${secret}` }, item);

      before(async () => {
        const stringData = { 'tls.crt': authority.certificatePem, 'tls.key': authority.privateKeyPem };
        await world.client.create(secrets, { metadata: { namespace: NAMESPACE, name: `${name}-ca` }, stringData });
        const [port = 0, managerPort = 0] = await freePorts(2);
        key = await world.tenant(name, {
          networkProfile: { address: world.address, port },
          controlPlane: { deployment: { extraArgs: { controllerManager: [`--secure-port=${managerPort}`] } } },
        });
        await world.reason(key, 'ControlPlaneReady', 'PodsStarting');
        tenant = await world.run(key, ['kube-apiserver', 'kube-controller-manager']);
      });
      after(() => tenant?.stop());

      test('is reached by the manager, and by kubectl with its kubeconfig', async () => {
        await world.reason(key, 'Ready', 'Ready');
        assert.match(await tenant.kubectl(['auth', 'whoami']), /kubernetes-admin/u);
      });

      test('is trusted by those who know the root only', async () => {
        const { hostname: host, port } = new URL(tenant.server);
        const presented = await new Promise<number>((resolve, reject) => {
          const socket = connect({ host, port: Number(port), ca: root.certificatePem }, () => {
            resolve(socket.authorized ? 1 : 0);
            socket.destroy();
          });
          socket.on('error', reject);
        });
        assert.equal(presented, 1);
      });

      test('signs what nodes ask for: such a certificate leads to the root and is let in', async () => {
        const request = await signingRequest('node-1');
        const node = { name: 'node-1' };
        const signerName = 'kubernetes.io/kube-apiserver-client-kubelet';
        const usages = ['digital signature', 'client auth'];
        const spec = { request: Buffer.from(request.pem).toString('base64'), signerName, usages };
        await tenant.client.create(certificateSigningRequests, { metadata: node, spec });
        await tenant.kubectl(['certificate', 'approve', node.name]);
        let certificate = '';
        await world.eventually('it is signed', async () => {
          const { status } = (await tenant.client.get(certificateSigningRequests, node)) ?? {};
          certificate = Buffer.from(status?.certificate ?? '', 'base64').toString();
          return certificate !== '';
        });
        const files = {
          'root.crt': root.certificatePem,
          'bundle.crt': authority.certificatePem,
          'node.crt': certificate,
        };
        for (const [file, text] of Object.entries({ ...files, 'node.key': request.privateKeyPem })) {
          await writeFile(join(tenant.directory, file), text, { mode: 0o600 });
        }
        const verify = ['verify', '-CAfile', 'root.crt', '-untrusted', 'bundle.crt', 'node.crt'];
        const { stdout } = await promisify(execFile)('openssl', verify, { cwd: tenant.directory });
        assert.match(stdout, /node\.crt: OK/u);
        const credentials = ['node.crt', 'node.key'].map((file) => join(tenant.directory, file));
        const [crt = '', privateKey = ''] = credentials;
        const asNode = [`--client-certificate=${crt}`, `--client-key=${privateKey}`];
        const plain = join(tenant.directory, 'plain.conf');
        const bundle = join(tenant.directory, 'bundle.crt');
        const args = ['--kubeconfig', plain, '--server', tenant.server, `--certificate-authority=${bundle}`, ...asNode];
        await writeFile(plain, '');
        assert.match(await runProgram('kubectl', [...args, 'auth', 'whoami']), /system:node:node-1/u);
      });

      test('is found by kubeadm with a pin of the root, and of the authority itself', async () => {
        const token = generateBootstrapToken(new Date());
        await tenant.client.create(secrets, bootstrapTokenSecret(token, 'of a test'));
        await world.eventually('the bootstrap signer has signed cluster-info', async () => {
          const { data = {} } = (await tenant.client.get(configMaps, CLUSTER_INFO)) ?? {};
          return data[`jws-kubeconfig-${token.id}`] !== undefined;
        });
        const [own = '', ...above] = authority.certificatePem.split(/(?<=-----END CERTIFICATE-----\n)/u);
        for (const caCertificatesPem of [own, above.join('')].filter((pem) => pem.trim() !== '')) {
          const controlPlaneEndpoint = tenant.server.replace('https://', '');
          const wish = { controlPlaneEndpoint, caCertificatesPem, token };
          const file = join(tenant.directory, 'join.yaml');
          await writeFile(file, stringify(joinConfiguration(wish, 'kubeadm.k8s.io/v1beta4')));
          const args = ['join', 'phase', 'preflight', '--config', file, '--ignore-preflight-errors=all'];
          assert.match(await runProgram('kubeadm', args), /configuration from the "kubeadm-config" ConfigMap/u);
        }
      });

      test('issues nothing that lasts longer than a year or than itself, and puts nobody but one into system:masters', async () => {
        const year = 366 * 24 * 3_600_000;
        const { items } = await world.client.list(secrets, {
          namespace: NAMESPACE,
          labelSelector: `kamaji.clastix.io/name=${name},kamaji.clastix.io/certificate_lifecycle_controller`,
        });
        const masters: string[] = [];
        for (const { metadata, data = {} } of items) {
          for (const [item, encoded] of Object.entries(data)) {
            const text = Buffer.from(encoded, 'base64').toString();
            if (!/\.crt$|\.conf$|\.svc$/u.test(item) || item === 'ca.crt') continue;
            const leaf = new X509Certificate(item.endsWith('.crt') ? text : parseKubeconfig(text).clientCertificatePem);
            const lasts = Date.parse(leaf.validTo) - Date.parse(leaf.validFrom);
            assert.ok(lasts <= year, `${metadata?.name} ${item}`);
            if (leaf.subject.includes('system:masters')) masters.push(item);
          }
        }
        assert.deepEqual(masters.toSorted(), ['super-admin.conf', 'super-admin.svc']);
        const [subject] = [new X509Certificate(await beside('datastore-certificate', 'server.crt')).subject];
        assert.match(subject, /^CN=[0-9a-f-]+$/u);
      });
    });
  }

  test('kubeconfigs and certificates follow when the user puts another CA in its place, and when a rotation is asked for', async () => {
    const key = await world.tenant('exchanged');
    await world.reason(key, 'ControlPlaneReady', 'PodsStarting');
    const read = (secret: string, item: string) =>
      secretText(world.client, { ...key, name: `exchanged-${secret}` }, item);
    const follows = (caPem: string) => async (): Promise<boolean> => {
      const kubeconfig = parseKubeconfig(await read('admin-kubeconfig', 'admin.conf'));
      const serving = new X509Certificate(await read('api-server-certificate', 'apiserver.crt'));
      const ca = new X509Certificate(caPem);
      return (
        kubeconfig.caCertificatesPem === caPem &&
        new X509Certificate(kubeconfig.clientCertificatePem).verify(ca.publicKey) &&
        serving.verify(ca.publicKey)
      );
    };
    const stringData = { 'tls.crt': ecRoot.certificatePem, 'tls.key': ecRoot.privateKeyPem };
    const ca = { ...key, name: 'exchanged-ca' };
    await world.client.mergePatch(secrets, ca, { stringData });
    await world.eventually('all follow', follows(ecRoot.certificatePem));
    assert.equal(await read('ca', 'ca.crt'), ecRoot.certificatePem);

    const admin = { ...key, name: 'exchanged-admin-kubeconfig' };
    const before = await read('admin-kubeconfig', 'admin.conf');
    await world.client.mergePatch(secrets, admin, { metadata: { annotations: { [annotations.rotate]: '' } } });
    await world.eventually(
      'the kubeconfig is another',
      async () => (await read('admin-kubeconfig', 'admin.conf')) !== before,
    );
    const rotated = (await world.client.get(secrets, admin))?.metadata?.annotations?.[annotations.rotate] ?? '';
    assert.ok(!Number.isNaN(Date.parse(rotated)), rotated);
    assert.equal(await read('ca', 'ca.crt'), ecRoot.certificatePem);

    await world.client.mergePatch(secrets, ca, { metadata: { annotations: { [annotations.rotate]: '' } } });
    await world.eventually('there is a new CA', async () => (await read('ca', 'ca.crt')) !== ecRoot.certificatePem);
    await world.eventually('all follow', follows(await read('ca', 'ca.crt')));
  });
});

async function signingRequest(node: string): Promise<{ readonly pem: string; readonly privateKeyPem: string }> {
  const pair = await generateKeyPair('RSA-2048');
  const request = forge.pki.createCertificationRequest();
  request.publicKey = forge.pki.publicKeyFromPem(pair.publicKeyPem);
  request.setSubject([
    { name: 'organizationName', value: 'system:nodes' },
    { name: 'commonName', value: `system:node:${node}` },
  ]);
  request.sign(forge.pki.privateKeyFromPem(pair.privateKeyPem), forge.md.sha256.create());
  return { pem: forge.pki.certificationRequestToPem(request), privateKeyPem: pair.privateKeyPem };
}
