import type { Defect } from '../defect.ts';

const EXPOSURE = 'controllers/tenantcontrolplane/exposure.test.ts';
const REAL_SERVER = 'controlplane/on-a-real-server.test.ts';

/** How control planes are reached. */
export const exposure: readonly Defect[] = [
  {
    section: '2.1',
    upstream: 'a Gateway that changes wakes no control plane',
    ours: 'it wakes those behind it',
    shownBy: [[EXPOSURE, 'TLSRoutes wait for the Gateway API, then for a Gateway, then show where clients connect']],
  },
  {
    section: '9.1',
    upstream: 'a load balancer’s new address is not noticed',
    ours: 'endpoint, certificate and kubeconfigs follow it',
    shownBy: [[EXPOSURE, 'a load balancer’s address is followed when it changes']],
  },
  {
    section: '9.2',
    upstream: 'with additional ports the Service is written in every pass',
    ours: 'node ports that the API server allocated are not named',
    shownBy: [
      [REAL_SERVER, 'node ports that the API server allocated stay over every further apply'],
      ['controlplane/service.test.ts', 'what the API server allocates is never named'],
    ],
  },
  {
    section: '9.2',
    upstream: 'source ranges that are removed stay on the Service',
    ours: 'they go',
    shownBy: [[REAL_SERVER, 'source ranges that are taken away are gone']],
  },
];
