import { annotations } from './labels.ts';
import type { ObjectMeta } from './meta.ts';

/** True when somebody asked for new content of this object by annotation and has not had it yet. */
export function rotationRequested(object: { readonly metadata?: ObjectMeta } | undefined): boolean {
  return object?.metadata?.annotations?.[annotations.rotate] === '';
}
