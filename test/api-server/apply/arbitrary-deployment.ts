import * as fc from 'fast-check';
import { condition, part, word, words } from './arbitrary-contents.ts';

const probe = fc.record(
  {
    httpGet: fc.record(
      { port: fc.constantFrom(80, 'web'), path: fc.constantFrom('/', '/livez') },
      { requiredKeys: ['port'] },
    ),
    periodSeconds: fc.constantFrom(0, 5),
    initialDelaySeconds: fc.constantFrom(0, 1),
  },
  { requiredKeys: ['httpGet'] },
);

const container = fc.record(
  {
    name: fc.constantFrom('main', 'side'),
    image: fc.constantFrom('registry.k8s.io/pause:3.10', 'busybox', 'host:5000/x/y:latest'),
    args: fc.array(word, { maxLength: 2 }),
    env: fc.uniqueArray(fc.record({ name: fc.constantFrom('A', 'B'), value: fc.constantFrom('', 'x') }), {
      selector: ({ name }) => name,
    }),
    ports: fc.uniqueArray(
      fc.record(
        {
          containerPort: fc.constantFrom(53, 80),
          protocol: fc.constantFrom('TCP', 'UDP'),
          name: fc.constantFrom('p', 'q'),
        },
        { requiredKeys: ['containerPort'] },
      ),
      { maxLength: 2, selector: ({ containerPort, protocol = 'TCP' }) => `${containerPort}/${protocol}` },
    ),
    resources: fc.record(
      {
        limits: fc.record({ cpu: fc.constantFrom('1', '1000m', '0.5') }),
        requests: fc.record({ memory: fc.constantFrom('1Gi', '1024Mi') }),
      },
      { requiredKeys: [] },
    ),
    volumeMounts: fc.constantFrom([], [{ name: 'data', mountPath: '/data' }]),
    livenessProbe: probe,
    imagePullPolicy: fc.constantFrom('Always', 'IfNotPresent'),
    securityContext: fc.record({ privileged: fc.boolean() }),
    tty: fc.boolean(),
  },
  { requiredKeys: ['name', 'image'] },
);

const volume = fc.constantFrom(
  { name: 'data' },
  { name: 'data', emptyDir: {} },
  { name: 'data', secret: { secretName: 's' } },
  { name: 'data', configMap: { name: 'c', items: [{ key: 'k', path: 'p' }] } },
  { name: 'data', hostPath: { path: '/x' } },
);

const podSpec = fc.record(
  {
    containers: fc.uniqueArray(container, { minLength: 1, maxLength: 2, selector: ({ name }) => name }),
    volumes: volume.map((one) => [one]),
    hostNetwork: fc.boolean(),
    nodeSelector: words,
    tolerations: fc.array(fc.record({ key: word, operator: fc.constant('Exists') }), { maxLength: 2 }),
    imagePullSecrets: fc.uniqueArray(fc.record({ name: word }), { selector: ({ name }) => name }),
    terminationGracePeriodSeconds: fc.constantFrom(0, 5),
    automountServiceAccountToken: fc.boolean(),
    priorityClassName: fc.constantFrom('', 'system-node-critical'),
    affinity: fc.constantFrom({}, { podAntiAffinity: {} }),
    topologySpreadConstraints: fc.constantFrom(
      [],
      [
        {
          maxSkew: 1,
          topologyKey: 'zone',
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector: { matchLabels: { app: 'x' } },
        },
      ],
    ),
  },
  { requiredKeys: ['containers', 'volumes'] },
);

export const arbitraryDeployment = {
  object: part(
    'spec',
    fc.record(
      {
        selector: fc.constant({ matchLabels: { app: 'x' } }),
        template: fc.record({
          metadata: fc.record({ labels: words.map((labels) => ({ ...labels, app: 'x' })) }),
          spec: podSpec,
        }),
        replicas: fc.constantFrom(0, 1, 2),
        paused: fc.boolean(),
        minReadySeconds: fc.constantFrom(0, 5),
        strategy: fc.constantFrom(
          { type: 'Recreate' },
          { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
          { rollingUpdate: { maxSurge: '10%' } },
        ),
      },
      { requiredKeys: ['selector', 'template'] },
    ),
  ),
  status: part(
    'status',
    fc.record(
      {
        replicas: fc.constantFrom(0, 1),
        observedGeneration: fc.constantFrom(0, 1),
        conditions: fc.uniqueArray(
          condition().map((one) => ({ ...one, lastUpdateTime: one.lastTransitionTime })),
          { maxLength: 2, selector: ({ type }) => type },
        ),
      },
      { requiredKeys: [] },
    ),
  ),
};
