import type { DefaultsByDefinition } from './default-rules.ts';
import { both, fill, inMember, objectIn } from './default-rules.ts';
import type { JsonObject } from './schema-node.ts';
import { isObject } from './schema-node.ts';

/** The old name of the field is written along with the new one. */
function withBothNamesOfServiceAccount(spec: JsonObject): JsonObject {
  const name = spec['serviceAccountName'] ?? spec['serviceAccount'];
  return name === undefined ? spec : { ...spec, serviceAccountName: name, serviceAccount: name };
}

const probe = fill({ timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 });

const fileMode = fill({ defaultMode: 0o644 });

function container(value: JsonObject): JsonObject {
  return fill({
    imagePullPolicy: pullPolicy(value['image']),
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
  })(value);
}

function pullPolicy(image: unknown): string {
  const name = (typeof image === 'string' ? image : '').split('/').at(-1) ?? '';
  const isPinned = name.includes('@') || (name.includes(':') && !name.endsWith(':latest'));
  return isPinned || name === '' ? 'IfNotPresent' : 'Always';
}

function volume(value: JsonObject): JsonObject {
  return Object.keys(value).some((name) => name !== 'name') ? value : { ...value, emptyDir: {} };
}

function pod(value: JsonObject): JsonObject {
  const spec = objectIn(value, 'spec');
  const changed = { ...spec };
  for (const name of ['containers', 'initContainers']) {
    const list = spec[name];
    if (Array.isArray(list))
      changed[name] = list.map((one: unknown) => podContainer(one, spec['hostNetwork'] === true));
  }
  return { ...value, spec: fill({ enableServiceLinks: true })(changed) };
}

function podContainer(value: unknown, hostNetwork: boolean): unknown {
  if (!isObject(value)) return value;
  const { limits } = objectIn(value, 'resources');
  const limited = isObject(limits) ? inMember('resources', inMember('requests', fill(limits)))(value) : value;
  const { ports } = limited;
  if (!hostNetwork || !Array.isArray(ports)) return limited;
  const hostPorts = ports.map((port: unknown) =>
    isObject(port) ? fill({ hostPort: port['containerPort'] })(port) : port,
  );
  return { ...limited, ports: hostPorts };
}

const core = 'io.k8s.api.core.v1';

/** Of pods and of their templates (Kubernetes: pkg/apis/core/v1/defaults.go). */
export const podDefaults: DefaultsByDefinition = {
  [`${core}.Container`]: container,
  [`${core}.EphemeralContainer`]: container,
  [`${core}.PodSpec`]: both(
    withBothNamesOfServiceAccount,
    fill({
      dnsPolicy: 'ClusterFirst',
      restartPolicy: 'Always',
      schedulerName: 'default-scheduler',
      securityContext: {},
      terminationGracePeriodSeconds: 30,
    }),
  ),
  [`${core}.Pod`]: pod,
  [`${core}.Probe`]: probe,
  [`${core}.HTTPGetAction`]: fill({ path: '/', scheme: 'HTTP' }),
  [`${core}.GRPCAction`]: fill({ service: '' }),
  [`${core}.Volume`]: volume,
  [`${core}.SecretVolumeSource`]: fileMode,
  [`${core}.ConfigMapVolumeSource`]: fileMode,
  [`${core}.DownwardAPIVolumeSource`]: fileMode,
  [`${core}.ProjectedVolumeSource`]: fileMode,
  [`${core}.ServiceAccountTokenProjection`]: fill({ expirationSeconds: 3600 }),
  [`${core}.HostPathVolumeSource`]: fill({ type: '' }),
  [`${core}.ObjectFieldSelector`]: fill({ apiVersion: 'v1' }),
};
