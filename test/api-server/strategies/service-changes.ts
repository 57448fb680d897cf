import { isFields, listAt } from '../object.ts';
import type { ApiObject, Fields } from '../object.ts';
import { hasNodePorts } from './service-allocation.ts';

/**
 * An update that says nothing of address and ports keeps those that were allocated; a change of type gives back those
 * that are not needed any more (Kubernetes: `pkg/registry/core/service`, patchAllocatedValues and dropTypeDependentFields).
 */
export function withKeptAllocations(object: ApiObject, before: ApiObject): ApiObject {
  const spec = isFields(object['spec']) ? object['spec'] : {};
  const old = isFields(before['spec']) ? before['spec'] : {};
  const addressed = hasAddress(spec) && hasAddress(old) ? withAddress(spec, old) : spec;
  const ported = hasNodePorts(addressed) && hasNodePorts(old) ? withPorts(addressed, old) : addressed;
  const kept = hasNodePorts(old) && !hasNodePorts(ported) ? withoutPorts(ported, old) : ported;
  return { ...object, spec: withoutFormer(kept, old) };
}

function hasAddress({ type }: Fields): boolean {
  return type !== 'ExternalName';
}

function withAddress(spec: Fields, { clusterIP, clusterIPs, ipFamilies, ipFamilyPolicy }: Fields): Fields {
  return {
    ...spec,
    clusterIP: spec['clusterIP'] || clusterIP,
    clusterIPs: spec['clusterIPs'] ?? clusterIPs,
    ipFamilies: spec['ipFamilies'] ?? ipFamilies,
    ipFamilyPolicy: spec['ipFamilyPolicy'] ?? ipFamilyPolicy,
  };
}

function withPorts(spec: Fields, old: Fields): Fields {
  const ports = listAt(spec, 'ports').filter(isFields);
  const before = listAt(old, 'ports').filter(isFields);
  const named = new Set(ports.map(({ nodePort }) => nodePort));
  const byName = new Map(before.map(({ name, nodePort }) => [name, nodePort] as const));
  const kept = ports.map((port) => {
    const former = byName.get(port['name']);
    return port['nodePort'] || former === undefined || named.has(former) ? port : { ...port, nodePort: former };
  });
  return { ...spec, ports: kept };
}

/** Ports that stand in both are those that were allocated, not wishes of the user. */
function withoutPorts(spec: Fields, old: Fields): Fields {
  const former = new Set(
    listAt(old, 'ports')
      .filter(isFields)
      .map(({ nodePort }) => nodePort),
  );
  const ports = listAt(spec, 'ports')
    .filter(isFields)
    .map(({ nodePort, ...port }) => (nodePort === undefined || former.has(nodePort) ? port : { ...port, nodePort }));
  return { ...spec, ports };
}

function withoutFormer(spec: Fields, old: Fields): Fields {
  const { allocateLoadBalancerNodePorts, externalTrafficPolicy, ...rest } = spec;
  const isBalanced = spec['type'] === 'LoadBalancer';
  const isExternal = isBalanced || spec['type'] === 'NodePort';
  const wasBalanced = old['type'] === 'LoadBalancer';
  return {
    ...rest,
    ...(allocateLoadBalancerNodePorts !== undefined && (isBalanced || !wasBalanced)
      ? { allocateLoadBalancerNodePorts }
      : {}),
    ...(externalTrafficPolicy !== undefined && isExternal ? { externalTrafficPolicy } : {}),
  };
}
