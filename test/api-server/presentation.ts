import type { ApiObject } from './object.ts';
import { apiVersionOf } from './served-kind.ts';
import type { ServedKind } from './served-kind.ts';
import { Refusal, statusOf } from './status.ts';

/** How objects of a kind are written into an answer. */
export interface Presentation {
  /** An object as an answer of its own or in an event. */
  object(object: ApiObject): string;
  /** An object as item of a list: those of built-in kinds come without `apiVersion` and `kind`. */
  item(object: ApiObject): string;
  readonly listKind: string;
  readonly listApiVersion: string;
}

/** How a request wants its answer (Kubernetes: receiving resources as PartialObjectMetadata). Throws Refusal. */
export function presentation(kind: ServedKind, accept: string | undefined): Presentation {
  return isMetadataOnly(accept) ? metadataOnly : whole(kind);
}

function whole(kind: ServedKind): Presentation {
  const apiVersion = apiVersionOf(kind);
  const start = `{"kind":${JSON.stringify(kind.kind)},"apiVersion":${JSON.stringify(apiVersion)},`;
  const object = (one: ApiObject): string => start + body(one).slice(1);
  return { object, item: kind.custom ? object : body, listKind: `${kind.kind}List`, listApiVersion: apiVersion };
}

const partial = (one: ApiObject): string =>
  `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":${JSON.stringify(one.metadata)}}`;

const metadataOnly: Presentation = {
  object: partial,
  item: partial,
  listKind: 'PartialObjectMetadataList',
  listApiVersion: 'meta.k8s.io/v1',
};

// Stored objects never change, and each is sent many times: to watches, in lists, as answers.
const bodies = new WeakMap<ApiObject, string>();

function body(object: ApiObject): string {
  let text = bodies.get(object);
  if (text === undefined) {
    const { apiVersion: _, kind: __, ...rest } = object;
    text = JSON.stringify(rest);
    bodies.set(object, text);
  }
  return text;
}

function isMetadataOnly(accept: string | undefined): boolean {
  const types = (accept ?? '*/*').split(',').map((type) => type.trim());
  for (const type of types) {
    const [media, ...parameters] = type.split(';').map((part) => part.trim());
    if (media !== 'application/json' && media !== '*/*' && media !== 'application/*') continue;
    const form = parameters.find((one) => one.startsWith('as='));
    if (form === undefined) return false;
    if (form.startsWith('as=PartialObjectMetadata')) return true;
  }
  throw new Refusal(statusOf(406, 'NotAcceptable', 'only the following media types are accepted: application/json'));
}
