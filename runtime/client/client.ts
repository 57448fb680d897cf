import type { KubeObject, ObjectKey, Resource } from './resource.ts';

/** Options every call takes. An aborted signal makes the call throw the signal's reason. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Default: the transport's, 30 000. Of a list: for each page. */
  readonly timeoutMs?: number;
}

export interface ListOptions extends CallOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Page size; the client follows `continue` itself. Default 500. */
  readonly limit?: number;
  /** Ask for PartialObjectMetadata only: items carry apiVersion, kind and metadata, whatever their type says. */
  readonly metadataOnly?: boolean;
}

export interface ListResult<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

export interface ApplyOptions extends CallOptions {
  readonly fieldManager: string;
  /** Take fields over from other managers. Default true. */
  readonly force?: boolean;
  /** Have it judged like the real thing, by admission too, and store nothing. Default false. */
  readonly dryRun?: boolean;
  readonly subresource?: 'status';
}

export interface PatchOptions extends CallOptions {
  readonly subresource?: 'status' | 'scale';
  readonly fieldManager?: string;
}

export interface DeleteOptions extends CallOptions {
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
}

/** Reads straight from the API server. */
export interface Reader {
  /** The object, or undefined when the server answers NotFound. Other failures throw ApiError. */
  get<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, options?: CallOptions): Promise<T | undefined>;
  /** Every object that matches, read page by page at one consistent resourceVersion. */
  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<ListResult<T>>;
}

/** Writes to the API server. Every method returns the object as the server stored it. */
export interface Writer {
  /** POST; an existing object is an ApiError with `isAlreadyExists`. */
  create<T extends KubeObject>(resource: Resource<T>, object: T, options?: CallOptions): Promise<T>;
  /** PUT with the object's own resourceVersion; a stale one is an ApiError with `isConflict`. */
  replace<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options?: CallOptions & { readonly subresource?: 'status' },
  ): Promise<T>;
  /** Server-side apply of the full desired object (Kubernetes: server-side apply). */
  apply<T extends KubeObject>(resource: Resource<T>, object: T, options: ApplyOptions): Promise<T>;
  /** JSON merge patch (RFC 7386). Put `metadata.resourceVersion` into the patch to make it conditional. */
  mergePatch<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    patch: object,
    options?: PatchOptions,
  ): Promise<T>;
  /** Deletes; false when the object was already gone. */
  delete<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, options?: DeleteOptions): Promise<boolean>;
}

/** One API server under one identity. */
export interface Client extends Reader, Writer {
  /** A raw GET of a non-resource path such as `/readyz` or `/version`; the body as text. Throws ApiError unless 2xx. */
  getRaw(path: string, options?: CallOptions): Promise<string>;
}
