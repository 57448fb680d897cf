import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { tenant } from '#controlplane/tenant-control-plane.fake.ts';
import type { TenantParts } from '#controlplane/tenant-control-plane.fake.ts';
import { addonVersions, coreDnsImage, konnectivityImages, kubeProxyImage } from './versions.ts';

suite('versions that go with a Kubernetes version', () => {
  const cases: readonly [because: string, version: string, coreDNS: string][] = [
    ['each minor has its own', 'v1.35.4', 'v1.13.1'],
    ['the patch does not matter', 'v1.30.14', 'v1.11.3'],
    ['a prefix is not needed', '1.34.0', 'v1.12.1'],
    ['a minor that is not known yet gets the newest', 'v1.99.0', 'v1.14.2'],
    ['one that is not known any more gets the oldest', 'v1.20.0', 'v1.11.3'],
    ['builds of vendors are versions too', 'v1.33.1+vendor.2', 'v1.12.0'],
  ];
  for (const [because, version, coreDNS] of cases) {
    test(because, () => assert.equal(addonVersions(version).coreDNS, coreDNS));
  }
});

suite('images of addons', () => {
  const mirror: TenantParts = { deployment: { registrySettings: { registry: 'mirror.example.org/k8s' } } };
  const cases: readonly { because: string; parts: TenantParts; coreDNS?: string; kubeProxy?: string }[] = [
    {
      because: 'come from upstream’s registry',
      parts: {},
      coreDNS: 'registry.k8s.io/coredns/coredns:v1.13.1',
      kubeProxy: 'registry.k8s.io/kube-proxy:v1.35.4',
    },
    {
      because: 'come from where the control plane’s come from',
      parts: mirror,
      coreDNS: 'mirror.example.org/k8s/coredns/coredns:v1.13.1',
      kubeProxy: 'mirror.example.org/k8s/kube-proxy:v1.35.4',
    },
    {
      because: 'come from where the user says, with the version that fits',
      parts: {
        ...mirror,
        addons: {
          coreDNS: { imageRepository: 'example.org/dns' },
          kubeProxy: { imageRepository: 'example.org/proxy' },
        },
      },
      coreDNS: 'example.org/dns/coredns:v1.13.1',
      kubeProxy: 'example.org/proxy/kube-proxy:v1.35.4',
    },
    {
      because: 'have the tag that the user says, wherever they come from',
      parts: { addons: { coreDNS: { imageTag: 'v1.12.0' }, kubeProxy: { imageTag: 'v1.35.1' } } },
      coreDNS: 'registry.k8s.io/coredns/coredns:v1.12.0',
      kubeProxy: 'registry.k8s.io/kube-proxy:v1.35.1',
    },
  ];
  for (const { because, parts, coreDNS, kubeProxy } of cases) {
    test(because, () => {
      assert.equal(coreDnsImage(tenant(parts)), coreDNS);
      assert.equal(kubeProxyImage(tenant(parts)), kubeProxy);
    });
  }
});

suite('the two ends of the tunnel', () => {
  const path = 'registry.k8s.io/kas-network-proxy';
  const konnectivity = (server: object, agent: object): TenantParts => ({
    addons: { konnectivity: { server, agent } },
  });
  const cases: readonly [because: string, parts: TenantParts, server: string, agent: string, leases: boolean][] = [
    [
      'are of one release that exists, whatever the minor',
      { kubernetes: { version: 'v1.30.14' } },
      `${path}/proxy-server:v0.34.0`,
      `${path}/proxy-agent:v0.34.0`,
      true,
    ],
    [
      'follow the control plane’s registry',
      { deployment: { registrySettings: { registry: 'mirror.example.org' } } },
      'mirror.example.org/kas-network-proxy/proxy-server:v0.34.0',
      'mirror.example.org/kas-network-proxy/proxy-agent:v0.34.0',
      true,
    ],
    [
      'are what the user says, each by itself',
      konnectivity({ image: 'example.org/server' }, { version: 'v0.33.0' }),
      'example.org/server:v0.34.0',
      `${path}/proxy-agent:v0.33.0`,
      true,
    ],
    [
      'count by leases only when both know how',
      konnectivity({ version: 'v0.34.0' }, { version: 'v0.28.6' }),
      `${path}/proxy-server:v0.34.0`,
      `${path}/proxy-agent:v0.28.6`,
      false,
    ],
    [
      'are taken for recent when the tag is no version',
      konnectivity({ version: 'main' }, { version: 'main' }),
      `${path}/proxy-server:main`,
      `${path}/proxy-agent:main`,
      true,
    ],
  ];
  for (const [because, parts, serverImage, agentImage, countByLeases] of cases) {
    test(because, () => {
      assert.deepEqual(konnectivityImages(tenant(parts)), { serverImage, agentImage, countByLeases });
    });
  }
});
