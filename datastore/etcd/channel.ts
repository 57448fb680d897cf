import type { TlsMaterial } from '../connection.ts';
import { EtcdError, refusals, toEtcdError } from './failure.ts';
import { GrpcConnection } from './grpc-connection.ts';
import type { UnaryOptions } from './grpc-connection.ts';
import type { Method } from './protocol.ts';

export interface EtcdChannelOptions {
  /** `host:port` of each member, or of a Service before them. */
  readonly endpoints: readonly string[];
  readonly tls: TlsMaterial;
  /** Budget of one call over all endpoints. Default 15 000. */
  readonly timeoutMs?: number;
  /** As in DriverOptions. */
  readonly beforeWrite?: (() => void) | undefined;
}

/** What the driver needs of a channel. */
export type EtcdCalls = Pick<EtcdChannel, 'call' | 'callEach' | 'close'>;

/**
 * Kept connections to the members of one etcd: one at a time is used, the next one when it fails. All calls of the driver are
 * idempotent, so a call whose outcome is unknown is simply made again elsewhere.
 */
export class EtcdChannel {
  readonly #members: readonly Member[];
  readonly #attemptMs: number;
  readonly #beforeWrite: (() => void) | undefined;
  #current = 0;

  constructor(options: EtcdChannelOptions) {
    this.#beforeWrite = options.beforeWrite;
    const budget = options.timeoutMs ?? 15_000;
    this.#members = options.endpoints.map((endpoint) => ({
      endpoint,
      connection: new GrpcConnection(endpoint, options.tls),
    }));
    this.#attemptMs = Math.min(10_000, Math.floor(budget / Math.max(1, this.#members.length)));
  }

  /** Calls the member in use, then each other one while the failure is one that another member may not have. */
  async call<Request extends object, Response extends object>(
    method: Method<Request, Response>,
    request: Request,
    signal: AbortSignal,
  ): Promise<Response> {
    const first = this.#current;
    const attempt = { timeoutMs: this.#attemptMs, signal, beforeSend: method.writes ? this.#beforeWrite : undefined };
    let telling: EtcdError | undefined;
    for (let offset = 0; offset < this.#members.length; offset += 1) {
      const index = (first + offset) % this.#members.length;
      const member = this.#members[index];
      if (member === undefined) break;
      try {
        const response = await callAtPresentRevision(member, method, request, attempt);
        this.#current = index;
        return response;
      } catch (error) {
        if (!(error instanceof EtcdError) || error.transience === undefined) throw error;
        if (error.transience > (telling?.transience ?? -1)) telling = error;
      }
    }
    throw telling ?? new TypeError('an etcd without endpoints cannot be called');
  }

  /** Calls every member, and answers for those that answer; fails as `call` does when none does. */
  async callEach<Request extends object, Response extends object>(
    method: Method<Request, Response>,
    request: Request,
    signal: AbortSignal,
  ): Promise<readonly Response[]> {
    const attempt = { timeoutMs: this.#attemptMs, signal, beforeSend: method.writes ? this.#beforeWrite : undefined };
    const outcomes = await Promise.allSettled(
      this.#members.map((member) => callAtPresentRevision(member, method, request, attempt)),
    );
    const answers = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const failure = outcomes.find((outcome) => outcome.status === 'rejected');
    if (answers.length === 0 && failure !== undefined) throw failure.reason;
    return answers;
  }

  close(): void {
    for (const { connection } of this.#members) connection.close();
  }
}

/**
 * Changes to users and roles race: a call that was admitted under an older revision of them is refused, and succeeds when
 * made again.
 */
async function callAtPresentRevision<Request extends object, Response extends object>(
  member: Member,
  method: Method<Request, Response>,
  request: Request,
  attempt: UnaryOptions,
): Promise<Response> {
  for (let left = 5; ; left -= 1) {
    try {
      return method.decode(await member.connection.unary(method.path, method.encode(request), attempt));
    } catch (error) {
      if (attempt.signal.aborted) throw error;
      const failure = toEtcdError(error, member.endpoint);
      if (failure.details !== refusals.oldAuthRevision || left === 0) throw failure;
    }
  }
}

interface Member {
  readonly endpoint: string;
  readonly connection: GrpcConnection;
}
