import type { Secret, Service } from '#runtime/client/builtin.ts';
import type { KubeObject } from '#runtime/client/resource.ts';
import { keyOf, keyString } from '#runtime/client/resource.ts';
import { Credentials, type Located } from './credentials.ts';

type Values = Readonly<Record<string, unknown>>;

const TIME = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z/gu;
const HASH = /\b(?:[0-9a-f]{64}|[0-9a-f]{32})\b/gu;
const UID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gu;
const TOKEN = /\b([a-z0-9]{6})\.([a-z0-9]{16})\b/gu;
const ENCODED_PEM = /\bLS0tLS1CRUdJTi[A-Za-z0-9+/]+={0,2}/gu;
const INDENTED_PEM = /-----BEGIN [A-Z ]+-----[^-]+-----END [A-Z ]+-----/gu;
// Counts what has become of a DaemonSet since it was made, and so how often it was made anew.
const GENERATION = 'deprecated.daemonset.template.generation';
const TOKEN_SECRET = 'bootstrap.kubernetes.io/token';

/**
 * Rewrites what chance or time has made (UIDs, addresses, keys, certificates, tokens, hashes, times) into what it stands for,
 * so that two runs can be compared. What refers to something keeps referring to it: by its name, or by a number.
 */
export class Normaliser {
  readonly #names = new Map<string, string>();
  readonly #hashes = new Map<string, string>();
  readonly #credentials: Credentials;
  readonly #tokenIds = new Set<string>();
  #known: RegExp | undefined;

  constructor(management: readonly KubeObject[], inTenants: readonly KubeObject[], nowMs: number) {
    for (const object of management) {
      const what = `${object.kind ?? ''} ${keyString(keyOf(object))}`;
      const uid = object.metadata?.uid ?? '';
      this.name(uid, `uid of ${what}`);
      this.name(uid.replaceAll('-', ''), `user of ${what}`);
      if (object.kind === 'Service') this.#learnAddress(object, what);
      if (object.metadata?.name?.endsWith('-bootstrap-data') === true) this.#learnToken(object, what);
    }
    for (const { metadata, kind, ...rest } of inTenants) {
      this.name(metadata?.uid ?? '', `uid in a tenant of ${kind ?? ''} ${metadata?.name ?? ''}`);
      const { clusterIP } = (rest as Service).spec ?? {};
      if (clusterIP !== undefined && clusterIP !== 'None') this.name(clusterIP, `address of ${metadata?.name ?? ''}`);
    }
    this.#credentials = new Credentials([...management, ...inTenants].flatMap(textsOf), nowMs);
  }

  /** From now on this text is called that. */
  name(text: string, name: string): void {
    if (text === '' || this.#names.has(text)) return;
    this.#names.set(text, `<${name}>`);
    this.#known = undefined;
  }

  nameOf(object: KubeObject): string {
    return `${object.kind ?? ''} ${this.text(keyString(keyOf(object)))}`;
  }

  /** A token that is not the published one: it runs out by itself. */
  isStaleToken(object: KubeObject): boolean {
    const { type, data = {} } = object as Secret;
    if (type !== TOKEN_SECRET) return false;
    return !this.#tokenIds.has(Buffer.from(data['token-id'] ?? '', 'base64').toString());
  }

  object(object: KubeObject): unknown {
    const { apiVersion: _apiVersion, kind, metadata = {}, ...rest } = object;
    const { labels, annotations, finalizers, ownerReferences, deletionTimestamp, generation } = metadata;
    const { data, status, ...content } = rest as { data?: Record<string, string>; status?: Values };
    return this.value({
      labels,
      annotations: Object.fromEntries(Object.entries(annotations ?? {}).filter(([name]) => name !== GENERATION)),
      finalizers: [...(finalizers ?? [])].sort(),
      owners: (ownerReferences ?? []).map((owner) => JSON.stringify(owner)).sort(),
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
      ...content,
      ...(data === undefined ? {} : { data: this.#data(kind, data) }),
      ...(status === undefined ? {} : { status: observed(status, generation) }),
    });
  }

  /** A value with all texts in it rewritten, names of members included. */
  value(value: unknown, member = ''): unknown {
    if (typeof value === 'string') return this.text(value);
    if (member === 'nodePort') return '<node port>';
    if (Array.isArray(value)) return value.map((item) => this.value(item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .toSorted(([one], [other]) => (one < other ? -1 : 1))
        .map(([name, item]) => [this.text(name), this.value(item, name)]),
    );
  }

  text(text: string): string {
    return this.#credentials
      ? this.#named(this.#credentials.describe(readable(text)))
          .replaceAll(TIME, '<time>')
          .replaceAll(UID, '<uid of nothing>')
          .replaceAll(HASH, (hash) => this.#numbered(hash))
      : text;
  }

  #named(text: string): string {
    this.#known ??= new RegExp(
      [...this.#names.keys()]
        .toSorted((one, other) => other.length - one.length)
        .map(wholly)
        .join('|'),
      'gu',
    );
    return this.#names.size === 0 ? text : text.replaceAll(this.#known, (found) => this.#names.get(found) ?? found);
  }

  #numbered(hash: string): string {
    const known = this.#hashes.get(hash) ?? `<hash ${this.#hashes.size + 1}>`;
    this.#hashes.set(hash, known);
    return known;
  }

  #data(kind: string | undefined, data: Readonly<Record<string, string>>): Values {
    const decoded = Object.entries(data).map(
      ([key, text]) => [key, kind === 'Secret' ? Buffer.from(text, 'base64').toString() : text] as const,
    );
    return Object.fromEntries(
      decoded
        .filter(
          ([key]) => !key.startsWith('jws-kubeconfig-') || this.#tokenIds.has(key.slice('jws-kubeconfig-'.length)),
        )
        .map(([key, text]) => [key, key.startsWith('jws-kubeconfig-') ? '<signature>' : text]),
    );
  }

  #learnAddress(object: KubeObject, what: string): void {
    for (const address of (object as Service).spec?.clusterIPs ?? []) {
      if (address !== 'None') this.name(address, `address of ${what}`);
    }
  }

  #learnToken(object: KubeObject, what: string): void {
    for (const { text } of textsOf(object)) {
      for (const [, id = '', secret = ''] of text.matchAll(TOKEN)) {
        this.#tokenIds.add(id);
        this.name(id, `token id of ${what}`);
        this.name(secret, `token secret of ${what}`);
      }
    }
  }
}

/** The texts of an object that may hold keys and certificates. */
function textsOf(object: KubeObject): readonly Located[] {
  const { data = {} } = object as Secret;
  const what = `${object.kind ?? ''} ${keyString(keyOf(object))}`;
  return Object.entries(data)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, text]) => ({
      where: `${what} ${key}`,
      text: readable(object.kind === 'Secret' ? Buffer.from(text, 'base64').toString() : text),
    }));
}

/** With PEM blocks as such, which stand encoded or indented inside of other documents. */
function readable(text: string): string {
  return text
    .replaceAll(ENCODED_PEM, (encoded) => Buffer.from(encoded, 'base64').toString())
    .replaceAll(INDENTED_PEM, (pem) => pem.replaceAll(/^[ \t]+/gmu, ''));
}

/** A status whose own generations say whether they are those of the object, and all others nothing. */
function observed(status: Values, generation: number | undefined): Values {
  const seen = (value: unknown): unknown => (value === generation ? 'current' : 'of another generation');
  const mask = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(mask);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, name === 'observedGeneration' ? '<generation>' : mask(item)]),
    );
  };
  const { conditions, observedGeneration, ...rest } = status;
  return {
    ...Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, mask(value)])),
    ...(observedGeneration === undefined ? {} : { observedGeneration: seen(observedGeneration) }),
    ...(Array.isArray(conditions)
      ? {
          conditions: conditions.map((condition: Values) =>
            'observedGeneration' in condition
              ? { ...condition, observedGeneration: seen(condition['observedGeneration']) }
              : condition,
          ),
        }
      : {}),
  };
}

/** Matches a text, but not as a part of a longer address or word. */
function wholly(text: string): string {
  const escaped = text.replaceAll(/[.*+?^${}()|[\]\\]/gu, String.raw`\$&`);
  // The end of a range of keys is a schema with another character behind it.
  return /^[0-9a-f-]{32,36}$/u.test(text) ? escaped : String.raw`(?<!\w)${escaped}(?!\w)`;
}
