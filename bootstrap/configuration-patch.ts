import type { Operation } from 'fast-json-patch';
import jsonPatch from 'fast-json-patch';
import { BootstrapError } from './errors.ts';

/** One operation on a component's configuration (RFC 6902), as a list `configurationJSONPatches` holds it. */
export interface JsonPatchOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test';
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

/**
 * Applies the user's operations in order and returns a new document. Patches written for Kamaji expect every default to be
 * written out, so a member that is absent here counts as there: `replace` adds it, `add` makes the objects and lists above
 * it, `remove` leaves it absent. Throws BootstrapError `ConfigurationPatchFailed`, which names component and operation, on any
 * other failure.
 */
export function patchConfiguration(
  component: 'kubelet' | 'kube-proxy',
  document: object,
  operations: readonly JsonPatchOperation[],
): object {
  let patched: unknown = structuredClone(document);
  for (const [index, operation] of operations.entries()) {
    try {
      patched = applyLeniently(patched, operation);
    } catch (cause) {
      throw patchFailed(component, index, operation, cause);
    }
  }
  if (isObject(patched) && !Array.isArray(patched)) return patched;
  throw new BootstrapError('ConfigurationPatchFailed', `the ${component} patches leave no configuration`);
}

// Lists that are not empty by default: the first operation inside one has to find what the kubelet would use.
const LIST_DEFAULTS: Readonly<Record<string, readonly string[]>> = { enforceNodeAllocatable: ['pods'] };

function applyLeniently(document: unknown, operation: JsonPatchOperation): unknown {
  const segments = parsePointer(operation.path);
  const exists = valueAt(document, segments) !== undefined;
  switch (operation.op) {
    case 'add':
      makeParents(document, segments);
      return apply(document, operation);
    case 'replace':
      if (!exists) makeParents(document, segments);
      return apply(document, { ...operation, op: exists ? 'replace' : 'add' });
    case 'remove':
      return exists ? apply(document, operation) : document;
    case 'move':
    case 'copy':
    case 'test':
      return apply(document, operation);
  }
}

function apply(document: unknown, operation: JsonPatchOperation): unknown {
  return jsonPatch.applyOperation(document, toOperation(structuredClone(operation)), true, true).newDocument;
}

function toOperation({ op, path, from, value }: JsonPatchOperation): Operation {
  switch (op) {
    case 'add':
    case 'replace':
    case 'test':
      return { op, path, value };
    case 'remove':
      return { op, path };
    case 'move':
    case 'copy':
      if (from === undefined) throw new TypeError('it has no from');
      return { op, path, from };
  }
}

function makeParents(document: unknown, segments: readonly string[]): void {
  let current = document;
  for (const [index, segment] of segments.slice(0, -1).entries()) {
    if (!isObject(current) || segment === '__proto__') return;
    if (!Object.hasOwn(current, segment) && !Array.isArray(current)) {
      const isList = /^(-|\d+)$/.test(segments[index + 1] ?? '');
      const known = index === 0 ? LIST_DEFAULTS[segment] : undefined;
      Reflect.set(current, segment, isList ? [...(known ?? [])] : {});
    }
    current = Reflect.get(current, segment);
  }
}

function valueAt(document: unknown, segments: readonly string[]): unknown {
  let current = document;
  for (const segment of segments) {
    if (!isObject(current) || !Object.hasOwn(current, segment)) return undefined;
    current = Reflect.get(current, segment);
  }
  return current;
}

function parsePointer(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function patchFailed(component: string, index: number, operation: JsonPatchOperation, cause: unknown): BootstrapError {
  const [why] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
  const what = `${component} patch ${index + 1} (${operation.op} ${operation.path})`;
  return new BootstrapError('ConfigurationPatchFailed', `${what} cannot be applied: ${why}`, { cause });
}
