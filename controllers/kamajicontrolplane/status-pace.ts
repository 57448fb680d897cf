import type { KamajiControlPlaneConditionType } from '#api/controlplane/v1alpha2/conditions.ts';
import type { KamajiControlPlane, KamajiControlPlaneStatus } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import type { Clock } from '#runtime/clock.ts';
import { stateChanges } from './state-changes.ts';

/** How often the progress of a control plane is told, in milliseconds. */
export const PROGRESS_INTERVAL_MS = 5_000;

/** Conditions by which Cluster API and people decide what to do next. */
const DECISIVE: readonly KamajiControlPlaneConditionType[] = [
  'Available',
  'Initialized',
  'Ready',
  'RollingOut',
  'Deleting',
  'Paused',
];

/**
 * Spares status writes while a control plane comes up or rolls out: every step of its pods, its Secrets and its
 * infrastructure would be one. What somebody may be waiting for, and what went wrong, is told at once; the steps in
 * between, with the first status of all, together every few seconds.
 */
export class StatusPace {
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;
  /** By UID, when this process last wrote; only of the last few seconds. */
  readonly #writes = new Map<string, number>();

  constructor(clock: Pick<Clock, 'now' | 'monotonic'>) {
    this.#clock = clock;
  }

  /** How long the object's next status may stay unwritten, in milliseconds. */
  waitMs(controlPlane: KamajiControlPlane, next: KamajiControlPlaneStatus): number {
    if (isNews(controlPlane.status, next)) return 0;
    const { uid = '', creationTimestamp } = controlPlane.metadata;
    const written = this.#writes.get(uid);
    const elapsedMs =
      written === undefined
        ? this.#clock.now() - Date.parse(creationTimestamp ?? '')
        : this.#clock.monotonic() - written;
    return elapsedMs < PROGRESS_INTERVAL_MS ? PROGRESS_INTERVAL_MS - Math.max(0, elapsedMs) : 0;
  }

  /** Tells that the object's status has just been written. */
  written({ metadata }: KamajiControlPlane): void {
    const now = this.#clock.monotonic();
    const uid = metadata.uid ?? '';
    this.#writes.delete(uid);
    this.#writes.set(uid, now);
    // The oldest come first.
    for (const [other, at] of this.#writes) {
      if (now - at < PROGRESS_INTERVAL_MS) break;
      this.#writes.delete(other);
    }
  }
}

function isNews(before: KamajiControlPlaneStatus | undefined, next: KamajiControlPlaneStatus): boolean {
  const turned = DECISIVE.some((type) => {
    const was = findCondition(before?.conditions, type)?.status ?? 'False';
    return was !== (findCondition(next.conditions, type)?.status ?? 'False');
  });
  return turned || stateChanges(before, next).some(({ type }) => type === 'Warning');
}
