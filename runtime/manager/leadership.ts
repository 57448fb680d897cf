import type { Method } from '../client/transport.ts';

/** Takes part in the election of one leader. */
export interface LeaderElector {
  /**
   * True from a successful acquisition or renewal until the renew deadline after that request was *sent*. Judged by
   * the clock at every call, so it turns false in time even if the process was stopped and no timer has run yet.
   */
  isLeader(): boolean;
  /**
   * Resolves when this process leads, with a signal that aborts with a LeadershipLostError when it no longer does; the
   * leadership is renewed in the background until then or until `release`. Rejects only with the reason of `signal`.
   */
  acquire(signal: AbortSignal): Promise<AbortSignal>;
  /**
   * Stops leading and lets the next candidate in at once. Call when nothing works under the leadership any more, also
   * after an aborted `acquire`. A failure is logged only: the leadership then runs out by itself.
   */
  release(signal: AbortSignal): Promise<void>;
  /**
   * Stops renewing and lets the leadership run out by itself, because something may still work under it. Resolves when
   * no request of the elector's is under way.
   */
  abandon(): Promise<void>;
}

/** The leadership could not be renewed in time, or another process has it. What it protects must stop at once. */
export class LeadershipLostError extends Error {
  readonly code = 'LEADERSHIP_LOST';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LeadershipLostError';
  }
}

/** For `TransportOptions.beforeSend`: refuses every request but GET while this process does not lead. */
export function refuseWritesUnless(elector: Pick<LeaderElector, 'isLeader'>): (method: Method) => void {
  return (method) => {
    if (method !== 'GET') refuseUnlessLeading(elector, method);
  };
}

/** For whatever changes something by other means than a Transport. Throws a LeadershipLostError that names `what`. */
export function refuseUnlessLeading(elector: Pick<LeaderElector, 'isLeader'>, what: string): void {
  if (!elector.isLeader()) throw new LeadershipLostError(`${what} refused: not the leader`);
}
