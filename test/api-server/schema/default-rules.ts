import type { JsonObject } from './schema-node.ts';
import { isObject } from './schema-node.ts';

/** What one definition fills in of itself; members below have their own. */
export type Defaults = (value: JsonObject) => JsonObject;

/** By the name of the definition. */
export type DefaultsByDefinition = Readonly<Record<string, Defaults>>;

/** Adds what is absent; a null is. */
export function fill(defaults: JsonObject): Defaults {
  return (value) => {
    const missing = Object.entries(defaults).filter(([name]) => (value[name] ?? undefined) === undefined);
    return missing.length === 0 ? value : { ...value, ...Object.fromEntries(missing) };
  };
}

export function inMember(name: string, defaults: Defaults): Defaults {
  return (value) => ({ ...value, [name]: defaults(objectIn(value, name)) });
}

export function objectIn(value: JsonObject, name: string): JsonObject {
  const member = value[name];
  return isObject(member) ? member : {};
}

export function both(first: Defaults, second: Defaults): Defaults {
  return (value) => second(first(value));
}
