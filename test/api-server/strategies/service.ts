import { allocatedIp, allocatedNodePorts } from './service-allocation.ts';
import { withKeptAllocations } from './service-changes.ts';
import { at, isFields, listAt, sameJson, withValue } from '../object.ts';
import type { ApiObject } from '../object.ts';
import type { FieldError } from '../status.ts';
import type { Strategy } from './strategy.ts';

/** A Service has an address, and on request ports, that no other has. */
export const service: Strategy = {
  prepare(core, object, before) {
    const kept = before === undefined ? object : withKeptAllocations(object, before);
    const allocated = allocatedNodePorts(core, allocatedIp(core, kept, before), before);
    return withModes(at(allocated, 'spec', 'type') === 'LoadBalancer' ? allocated : { ...allocated, status: {} });
  },
  errors(_core, object, before) {
    const spec = isFields(object['spec']) ? object['spec'] : {};
    const old = isFields(before?.['spec']) ? before['spec'] : undefined;
    return [...portErrors(spec), ...addressErrors(spec, old)];
  },
};

/** Addresses of a load balancer are virtual unless said otherwise. */
function withModes(object: ApiObject): ApiObject {
  const ingress = listAt(object, 'status', 'loadBalancer', 'ingress');
  if (ingress.length === 0) return withValue(object, ['status', 'loadBalancer'], {});
  const moded = ingress.map((one) =>
    isFields(one) && one['ip'] !== undefined && one['ipMode'] === undefined ? { ...one, ipMode: 'VIP' } : one,
  );
  return withValue(object, ['status', 'loadBalancer', 'ingress'], moded);
}

type Spec = Readonly<Record<string, unknown>>;

function portErrors(spec: Spec): readonly FieldError[] {
  const ports = Array.isArray(spec['ports']) ? spec['ports'].filter(isFields) : [];
  if (ports.length === 0 && spec['clusterIP'] !== 'None' && spec['type'] !== 'ExternalName') {
    return [{ field: 'spec.ports', reason: 'FieldValueRequired', message: 'Required value' }];
  }
  return ports.flatMap((port, index) => {
    const field = (name: string): string => `spec.ports[${index}].${name}`;
    const errors: FieldError[] = [];
    if (ports.length > 1 && !port['name']) {
      errors.push({ field: field('name'), reason: 'FieldValueRequired', message: 'Required value' });
    } else if (port['name'] && ports.findIndex((one) => one['name'] === port['name']) < index) {
      const message = `Duplicate value: ${JSON.stringify(port['name'])}`;
      errors.push({ field: field('name'), reason: 'FieldValueDuplicate', message });
    }
    for (const name of ['port', 'targetPort']) {
      const number = port[name] ?? 0;
      if (typeof number === 'string' || (typeof number === 'number' && number >= 1 && number <= 65535)) continue;
      const message = `Invalid value: ${JSON.stringify(number)}: must be between 1 and 65535, inclusive`;
      errors.push({ field: field(name), reason: 'FieldValueInvalid', message });
    }
    return errors;
  });
}

function addressErrors(spec: Spec, old: Spec | undefined): readonly FieldError[] {
  if (old === undefined || !Array.isArray(old['clusterIPs']) || !Array.isArray(spec['clusterIPs'])) return [];
  if (old['type'] === 'ExternalName' || sameJson(old['clusterIPs'][0], spec['clusterIPs'][0])) return [];
  const message = `Invalid value: ${JSON.stringify(spec['clusterIPs'])}: may not change once set`;
  return [{ field: 'spec.clusterIPs[0]', reason: 'FieldValueInvalid', message }];
}
