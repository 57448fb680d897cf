import type { ControlPlane } from '#test/control-plane.ts';

/** What the manager has written to the management API server. */
export interface Writes {
  readonly objects: number;
  readonly status: number;
  readonly events: number;
}

/** Counts its writes since the beginning, in the audit log. */
export async function countWrites(controlPlane: ControlPlane): Promise<Writes> {
  const count = { objects: 0, status: 0, events: 0 };
  for (const { objectRef } of await controlPlane.auditEvents()) {
    if (objectRef?.resource === 'events') count.events += 1;
    else if (objectRef?.subresource === 'status') count.status += 1;
    else count.objects += 1;
  }
  return count;
}

export function difference(after: Writes, before: Writes): Writes {
  return {
    objects: after.objects - before.objects,
    status: after.status - before.status,
    events: after.events - before.events,
  };
}

/** All but Events. */
export function total({ objects, status }: Writes): number {
  return objects + status;
}
