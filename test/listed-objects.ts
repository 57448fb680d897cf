/** Kinds that come and go by themselves; the last is MetalLB's note on a Service, under a random name. */
const volatile = new Set(['Event', 'Lease', 'PodMetrics', 'NodeMetrics', 'ComponentStatus', 'ServiceL2Status']);

/**
 * Lists the objects of every kind that can be listed, sorted, as `Kind namespace/name`; with `uids` as
 * `Kind namespace/name uid`. Not those that come and go by themselves.
 */
export async function listObjects(
  kubectl: (args: readonly string[]) => Promise<string>,
  { uids = false }: { readonly uids?: boolean } = {},
): Promise<readonly string[]> {
  const resources = (await kubectl(['api-resources', '--verbs=list', '--output=name'])).trim().split('\n');
  const claim = 'CNS:.spec.claimRef.namespace,C:.spec.claimRef.name';
  const columns = `K:.kind,NS:.metadata.namespace,N:.metadata.name,U:.metadata.uid,${claim}`;
  const everything = ['get', resources.join(','), '--all-namespaces', '--ignore-not-found', '--no-headers'];
  const output = await kubectl([...everything, '--output', `custom-columns=${columns}`]);
  const lines = output.split('\n').flatMap((line) => {
    const [kind = '', namespace = '', name = '', uid = '', claimNamespace = '', claimName = ''] = line
      .trim()
      .split(/\s+/);
    if (name === '' || volatile.has(kind)) return [];
    // Volumes have random names; their claims do not.
    if (kind === 'PersistentVolume') return [`${kind} ${claimNamespace}/${claimName}`];
    return [`${kind} ${namespace === '<none>' ? '' : namespace}/${name}${uids ? ` ${uid}` : ''}`];
  });
  return [...new Set(lines)].toSorted();
}

/** Lines of `after` that `before` does not have. */
export function added(before: readonly string[], after: readonly string[]): readonly string[] {
  const known = new Set(before);
  return after.filter((line) => !known.has(line));
}
