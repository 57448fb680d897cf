import type { Core } from '../core.ts';
import { at, isFields, listAt, textAt } from '../object.ts';
import type { ApiObject, Fields } from '../object.ts';
import { invalid } from '../status.ts';
import type { FieldError } from '../status.ts';

const named = { group: '', kind: 'Service', plural: 'services' };
/** That are given away of 10.96.0.0/16. */
const addresses = 65_000;
const firstPort = 30_000;
const lastPort = 32_767;

/** The Service with its `clusterIP`, chosen here unless it names one. Throws Refusal for one that is taken. */
export function allocatedIp(core: Core, object: ApiObject, before: ApiObject | undefined): ApiObject {
  const spec = isFields(object['spec']) ? object['spec'] : {};
  if (spec['type'] === 'ExternalName') return object;
  const wanted = textAt(spec, 'clusterIP') ?? textAt(spec, 'clusterIPs', '0') ?? '';
  if (wanted === 'None') return { ...object, spec: withFamilies({ ...spec, clusterIP: 'None', clusterIPs: ['None'] }) };
  const used = usedIps(core, before);
  if (wanted !== '' && used.has(wanted)) {
    const why = `failed to allocate IP ${wanted}: provided IP is already allocated`;
    const message = `Invalid value: ["${wanted}"]: ${why}`;
    throw refusal(object, { field: 'spec.clusterIPs', reason: 'FieldValueInvalid', message });
  }
  const clusterIP = wanted === '' ? freeIp(core, used) : wanted;
  return { ...object, spec: withFamilies({ ...spec, clusterIP, clusterIPs: spec['clusterIPs'] ?? [clusterIP] }) };
}

/** The Service with a `nodePort` for each of its ports, if its type has them. Throws Refusal for one that is taken. */
export function allocatedNodePorts(core: Core, object: ApiObject, before: ApiObject | undefined): ApiObject {
  const spec = isFields(object['spec']) ? object['spec'] : {};
  if (!hasNodePorts(spec)) return object;
  const used = usedNodePorts(core, before);
  const own = new Map<number, string>();
  const errors: FieldError[] = [];
  const ports = listAt(spec, 'ports').map((port, index) => {
    if (!isFields(port)) return port;
    const wanted = typeof port['nodePort'] === 'number' ? port['nodePort'] : 0;
    const protocol = textAt(port, 'protocol') ?? 'TCP';
    const nodePort = wanted === 0 ? freePort(core, used, own) : wanted;
    const problem = wanted === 0 ? undefined : refusedPort(wanted, protocol, used, own);
    if (problem !== undefined) {
      const message = `Invalid value: ${wanted}: ${problem}`;
      errors.push({ field: `spec.ports[${index}].nodePort`, reason: 'FieldValueInvalid', message });
    }
    own.set(nodePort, protocol);
    return { ...port, nodePort };
  });
  const [first] = errors;
  if (first !== undefined) throw refusal(object, first);
  return { ...object, spec: { ...spec, ports } };
}

export function hasNodePorts(spec: Fields): boolean {
  if (spec['type'] === 'NodePort') return true;
  return spec['type'] === 'LoadBalancer' && spec['allocateLoadBalancerNodePorts'] !== false;
}

function refusedPort(
  wanted: number,
  protocol: string,
  used: ReadonlyMap<number, unknown>,
  own: ReadonlyMap<number, string>,
): string | undefined {
  if (wanted < firstPort || wanted > lastPort) {
    return `provided port is not in the valid range. The range of valid ports is ${firstPort}-${lastPort}`;
  }
  const isTaken = used.has(wanted) || own.get(wanted) === protocol;
  return isTaken ? 'provided port is already allocated' : undefined;
}

function withFamilies(spec: Fields): Fields {
  return { ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack', ...spec };
}

function usedIps(core: Core, except: ApiObject | undefined): ReadonlySet<string> {
  const addresses = others(core, except).map((one) => textAt(one, 'spec', 'clusterIP') ?? '');
  // The one of the Service `kubernetes`, which is not there.
  return new Set(['10.96.0.1', ...addresses]);
}

function usedNodePorts(core: Core, except: ApiObject | undefined): ReadonlyMap<number, unknown> {
  const ports = others(core, except).flatMap((one) => listAt(one, 'spec', 'ports'));
  return new Map(ports.map((port) => [Number(at(port, 'nodePort')), port] as const));
}

function others(core: Core, except: ApiObject | undefined): readonly ApiObject[] {
  const uid = except?.metadata.uid;
  return core.store.list('/services').filter(({ metadata }) => metadata.uid !== uid);
}

function freeIp({ next }: Core, used: ReadonlySet<string>): string {
  for (let tries = 0; tries < addresses; tries++) {
    // Low addresses are left to those who ask for one.
    const number = 256 + (next.address++ % addresses);
    const address = `10.96.${number >> 8}.${number & 255}`;
    if (!used.has(address)) return address;
  }
  throw new RangeError('no address is left');
}

function freePort({ next }: Core, used: ReadonlyMap<number, unknown>, own: ReadonlyMap<number, string>): number {
  for (let tries = 0; tries <= lastPort - firstPort; tries++) {
    const port = firstPort + (next.nodePort++ % (lastPort - firstPort + 1));
    if (!used.has(port) && !own.has(port)) return port;
  }
  throw new RangeError('no node port is left');
}

function refusal({ metadata: { name = '' } }: ApiObject, error: FieldError): Error {
  return invalid(named, name, [error]);
}
