import { ApiError } from './errors.ts';

type JsonObject = { readonly [key: string]: unknown };

/**
 * The way round a trap of server-side apply: where a manager applied `{ a: { b: 1 } }` and applies `{ a: {} }` next, the
 * server takes `b` away and leaves null in the place of `a`, which the schema of a custom kind then refuses (Kubernetes:
 * structured-merge-diff, `RemoveItems`).
 *
 * Answers the merge patch that empties what `refusal` names so, or undefined when it is about something else. What is
 * taken away is the manager's own: with a member of anybody else's in it, the object would not have become null.
 */
export function emptyingPatch(desired: object, live: object, refusal: unknown): object | undefined {
  if (!(refusal instanceof ApiError) || !refusal.isInvalid) return undefined;
  const fields = new Set(
    refusal.details.causes?.flatMap(({ field, message = '' }) => {
      return field !== undefined && message.includes('must be of type object: "null"') ? [field] : [];
    }),
  );
  return emptying(toJson(desired), toJson(live), [], fields);
}

function emptying(
  desired: unknown,
  live: unknown,
  path: readonly string[],
  fields: ReadonlySet<string>,
): JsonObject | undefined {
  if (!isObject(desired) || !isObject(live)) return undefined;
  if (Object.keys(desired).length === 0) {
    return fields.has(path.join('.')) ? Object.fromEntries(Object.keys(live).map((name) => [name, null])) : undefined;
  }
  const changes = Object.entries(desired).flatMap(([name, member]) => {
    const change = emptying(member, live[name], [...path, name], fields);
    return change === undefined ? [] : [[name, change] as const];
  });
  return changes.length === 0 ? undefined : Object.fromEntries(changes);
}

// As it is on the wire: without undefined members.
function toJson(value: object): unknown {
  return JSON.parse(JSON.stringify(value));
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
