import type { Example, FieldTable } from '../field.ts';

const numbers = {
  initialDelaySeconds: 'seconds before the first one',
  timeoutSeconds: 'seconds in which an answer must come',
  periodSeconds: 'seconds between two',
  successThreshold: 'successes that count as recovery',
  failureThreshold: 'failures that count as failure',
} as const;
const kinds = ['liveness', 'readiness', 'startup'] as const;
const components = {
  apiServer: 'kube-apiserver',
  controllerManager: 'kube-controller-manager',
  scheduler: 'kube-scheduler',
} as const;

const general = Object.fromEntries(
  kinds.map((kind) => [kind, Object.fromEntries(Object.keys(numbers).map((number, index) => [number, 40 + index]))]),
);

/** Numbers of probes: for all components, and for one, which wins. */
export const probes: FieldTable = Object.fromEntries(
  kinds.flatMap((kind) =>
    Object.entries(numbers).flatMap(([number, does], index): [string, Example][] => [
      [
        `controlPlane.deployment.probes.${kind}.${number}`,
        {
          does: `${does}, of the ${kind} probes of all components`,
          set: { controlPlane: { deployment: { probes: { [kind]: { [number]: 40 + index } } } } },
          sees: (it) => Object.values(components).map((name) => it.container(name, `${kind}Probe`, number)),
          is: Object.values(components).map(() => 40 + index),
        },
      ],
      ...Object.entries(components).map(([component, name]): [string, Example] => [
        `controlPlane.deployment.probes.${component}.${kind}.${number}`,
        {
          does: `the same, of ${name}`,
          set: { controlPlane: { deployment: { probes: { [component]: { [kind]: { [number]: 70 + index } } } } } },
          given: { controlPlane: { deployment: { probes: general } } },
          sees: (it) => it.container(name, `${kind}Probe`, number),
          is: 70 + index,
        },
      ]),
    ]),
  ),
);
