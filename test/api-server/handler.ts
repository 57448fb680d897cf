import { applyMergePatch } from '#runtime/client/merge-patch.ts';
import { keyOf } from './core.ts';
import type { Core } from './core.ts';
import { decodeDeleteOptions, decodeObject, decodePatch } from './decode.ts';
import { remove } from './deletion.ts';
import { nonResource } from './discovery.ts';
import { json } from './exchange.ts';
import type { Answer } from './exchange.ts';
import { list, parsedRevision } from './lists.ts';
import { isFields } from './object.ts';
import type { ApiObject, Fields } from './object.ts';
import { presentation } from './presentation.ts';
import type { Presentation } from './presentation.ts';
import { kindOf } from './request.ts';
import type { RequestInfo, WireRequest } from './request.ts';
import { scaleOf, scaled } from './scale.ts';
import { selection } from './selection.ts';
import { collectionOf } from './served-kind.ts';
import type { ServedKind } from './served-kind.ts';
import { badRequest, invalid, methodNotAllowed, notFound, statusOf } from './status.ts';
import { apply, create, read, update } from './writes.ts';
import type { Target } from './writes.ts';

/** One request about a kind that is served. */
interface Call {
  readonly core: Core;
  readonly kind: ServedKind;
  readonly info: RequestInfo;
  readonly request: WireRequest;
  readonly target: Target;
  readonly present: Presentation;
}

/** Carries out any request but a watch. Throws Refusal. */
export function handle(core: Core, info: RequestInfo, request: WireRequest): Answer {
  if (info.resource === '') return nonResource(core, info);
  const kind = kindOf(core.registry, info);
  if (kind === undefined) return absentPath(info);
  if (!hasSubresource(kind, info.subresource)) {
    if (kind.custom) throw notFound(kind, info.name);
    return absentPath(info);
  }
  const { name, subresource } = info;
  const namespace = kind.namespaced ? info.namespace : '';
  const present = presentation(kind, request.accept);
  const call: Call = { core, kind, info, request, target: { kind, namespace, name }, present };
  switch (info.verb) {
    case 'list':
      return json(200, list(core, kind, info, present));
    case 'get':
      parsedRevision(core, info.query.get('resourceVersion'));
      return json(200, shown(call, read(core, call.target)));
    case 'create':
      if (name !== '' || (kind.namespaced && namespace === '')) throw methodNotAllowed();
      return created(call);
    case 'update':
      if (name === '') throw methodNotAllowed();
      return put(call);
    case 'patch':
      if (name === '') throw methodNotAllowed();
      return patched(call);
    case 'delete':
      if (subresource !== '') throw methodNotAllowed();
      return deleted(call);
    case 'deletecollection':
      return deletedCollection(call);
    default:
      throw methodNotAllowed();
  }
}

/** The answer to a path that names no kind that is served. */
export function absentPath({ group, resource }: RequestInfo): Answer {
  if (group !== '' || resource === '') return { code: 404, contentType: 'text/plain', body: '404 page not found\n' };
  return json(404, JSON.stringify(statusOf(404, 'NotFound', 'the server could not find the requested resource', {})));
}

function hasSubresource(kind: ServedKind, subresource: string): boolean {
  if (subresource === '') return true;
  if (subresource === 'status') return kind.status;
  if (subresource === 'scale') return kind.scale !== undefined;
  return subresource === 'finalize' && kind.plural === 'namespaces' && kind.group === '';
}

function shown({ kind, info, present }: Call, object: ApiObject): string {
  return info.subresource === 'scale' ? JSON.stringify(scaleOf(kind, object)) : present.object(object);
}

function created(call: Call): Answer {
  const { core, kind, request, target, present } = call;
  const object = create(core, target, decodeObject(kind, request), writeOptions(call));
  return json(201, present.object(object));
}

function put(call: Call): Answer {
  const { core, kind, info, request, target } = call;
  const options = { ...writeOptions(call), subresource: info.subresource, isPut: true };
  if (info.subresource === 'scale') {
    const scale = scaleBody(request.body);
    return json(
      200,
      shown(
        call,
        update(core, target, (before) => scaled(kind, before, scale), options),
      ),
    );
  }
  const object = decodeObject(kind, request);
  const isAbsent = core.store.get(collectionOf(kind), keyOf(target.namespace, target.name)) === undefined;
  if (isAbsent && kind.createOnUpdate && info.subresource === '') return created(call);
  return json(
    200,
    shown(
      call,
      update(core, target, () => object, options),
    ),
  );
}

function patched(call: Call): Answer {
  const { core, kind, info, request, target, present } = call;
  const content = decodePatch(kind, request);
  const options = { ...writeOptions(call), subresource: info.subresource, isPut: false };
  if (!content.apply) {
    return json(
      200,
      shown(
        call,
        update(core, target, (before) => merged(call, before, content.patch), options),
      ),
    );
  }
  if (!info.query.get('fieldManager')) {
    const message = 'Required value: is required for apply patch';
    const patchOptions = { group: 'meta.k8s.io', kind: 'PatchOptions', plural: 'patchoptions' };
    throw invalid(patchOptions, '', [{ field: 'fieldManager', reason: 'FieldValueRequired', message }]);
  }
  const applied = content.patch as ApiObject;
  if (applied.metadata.managedFields !== undefined) throw badRequest('metadata.managedFields must be nil');
  const force = info.query.get('force') === 'true';
  const result = apply(core, target, applied, { ...options, force });
  return json(result.created ? 201 : 200, present.object(result.object));
}

function merged({ kind, info }: Call, before: ApiObject, patch: Fields): ApiObject {
  const isScale = info.subresource === 'scale';
  const result = applyMergePatch(isScale ? scaleOf(kind, before) : before, patch);
  if (!isFields(result) || !isFields(result['metadata'])) throw badRequest('the patch leaves no object');
  const object: ApiObject = { ...result, metadata: result['metadata'] };
  // The version is a precondition only where the patch names one.
  const { resourceVersion: _, ...metadata } = object.metadata;
  const precondition = isFields(patch['metadata']) ? patch['metadata']['resourceVersion'] : undefined;
  const conditional = typeof precondition === 'string' ? { ...metadata, resourceVersion: precondition } : metadata;
  const whole = { ...object, metadata: conditional };
  return isScale ? scaled(kind, { ...before, metadata }, whole) : whole;
}

function deleted(call: Call): Answer {
  const { core, kind, info, request, target, present } = call;
  const { object, gone } = remove(core, target, decodeDeleteOptions(request, info.query));
  if (!gone || kind.returnsDeleted) return json(200, present.object(object));
  return json(200, JSON.stringify(success(kind, object)));
}

function deletedCollection({ core, kind, info, request, target, present }: Call): Answer {
  const matches = selection(kind, info.query.get('labelSelector'), info.query.get('fieldSelector'));
  const body = list(core, kind, info, present);
  const options = decodeDeleteOptions(request, info.query);
  const prefix = target.namespace === '' ? '' : `${target.namespace}/`;
  for (const object of core.store.list(collectionOf(kind), prefix)) {
    if (!matches(object)) continue;
    const { namespace = '', name = '' } = object.metadata;
    remove(core, { kind, namespace, name }, options);
  }
  return json(200, body);
}

function success({ group, plural }: ServedKind, { metadata: { name, uid } }: ApiObject): object {
  const details = { name, ...(group === '' ? {} : { group }), kind: plural, uid };
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}

function writeOptions({ info, request }: Call) {
  const manager = info.query.get('fieldManager') ?? (request.userAgent ?? '').split('/')[0] ?? '';
  return { manager, dryRun: info.query.get('dryRun') === 'All' };
}

function scaleBody(body: string | undefined): ApiObject {
  const parsed: unknown = JSON.parse(body ?? '{}');
  if (!isFields(parsed)) throw badRequest('the body is not a Scale');
  return { ...parsed, metadata: isFields(parsed['metadata']) ? parsed['metadata'] : {} };
}
