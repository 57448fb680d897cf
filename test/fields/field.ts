import type { TenantControlPlaneSpec } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type { Reconciled } from './reconciled.ts';

/** Any parts of a spec. */
export type Parts = DeepPartial<TenantControlPlaneSpec>;

/** A field of the spec: what its author expects of it, and where that is seen. */
export type Field = Example | Elsewhere | Pending;

/** Shown by setting it and looking at what comes of that. */
export interface Example {
  /** What it does, in half a sentence. */
  readonly does: string;
  /** The field with a value, and what it cannot be without. */
  readonly set: Parts;
  /** What else is set, with the field and without it. */
  readonly given?: Parts;
  /** Tried out with those of the same name only, since others have a say in the effect too. */
  readonly apart?: string;
  /** Where the effect is seen. Without the field it must be another there. */
  readonly sees: (it: Reconciled) => unknown;
  readonly is: unknown;
  /** It is handed on as it is, with everything that it may contain, all of which is in `set`. */
  readonly whole?: true;
}

/** Shown by a test of its own. */
export interface Elsewhere {
  readonly does: string;
  readonly shownBy: { readonly file: string; readonly test: string };
}

/** Not done yet, and why. */
export interface Pending {
  readonly does: string;
  readonly pending: string;
}

/** By path below `spec`, such as `controlPlane.service.additionalPorts[].name`. */
export type FieldTable = Readonly<Record<string, Field>>;

type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [K in keyof T]?: DeepPartial<T[K]> }
    : T;
