import { cached } from '#runtime/client/cached-token.ts';
import { type Clock, unlessAborted } from '#runtime/clock.ts';
import type { EtcdCalls } from './channel.ts';
import { isEtcdRefusal, refusals } from './failure.ts';
import { etcd } from './protocol.ts';

/** Who holds which role in one etcd, which has no index for that: to know who holds a role, each user is asked for its roles. */
export class UserRoles {
  readonly #channel: EtcdCalls;
  readonly #lately: () => Promise<Holders>;

  constructor(channel: EtcdCalls, clock: Pick<Clock, 'monotonic'>) {
    this.#channel = channel;
    // Many share one listing, so that none of them may end it; each call to the store ends by itself.
    this.#lately = cached(() => this.#listHolders(new AbortController().signal), listingMs, clock);
  }

  /** The roles of a user; undefined when there is no such user. */
  async of(user: string, signal: AbortSignal): Promise<readonly string[] | undefined> {
    try {
      return (await this.#channel.call(etcd.userGet, { name: user }, signal)).roles;
    } catch (error) {
      if (isEtcdRefusal(error, refusals.userMissing)) return undefined;
      throw error;
    }
  }

  /** Every user that holds the role now. Asks each user, so never in a pass that changes nothing, nor once for each of many tenants. */
  async holdersOf(role: string, signal: AbortSignal): Promise<readonly string[]> {
    return (await this.#listHolders(signal)).get(role) ?? [];
  }

  /**
   * Who holds the role beside `user`. Users are listed once in half a minute for all who ask, so that a fleet can be removed with a few
   * requests for each tenant. A holder may be missing from the answer only if it was made one since the listing; that cannot
   * happen through this driver as long as `user` holds the role itself, for then nobody else is given it.
   */
  async othersWith(role: string, user: string, signal: AbortSignal): Promise<readonly string[]> {
    const listed = (await unlessAborted(this.#lately(), signal)).get(role) ?? [];
    const others: string[] = [];
    for (const other of listed.filter((one) => one !== user)) {
      // It may have held the role before it was made anew for this tenant.
      if ((await this.of(other, signal))?.includes(role) === true) others.push(other);
    }
    return others;
  }

  async #listHolders(signal: AbortSignal): Promise<Holders> {
    const { users } = await this.#channel.call(etcd.userList, {}, signal);
    const holders = new Map<string, string[]>();
    for (let start = 0; start < users.length; start += usersAtOnce) {
      const some = users.slice(start, start + usersAtOnce);
      const roles = await Promise.all(some.map((user) => this.of(user, signal)));
      for (const [index, user] of some.entries()) {
        for (const role of roles[index] ?? []) {
          const known = holders.get(role);
          if (known === undefined) holders.set(role, [user]);
          else known.push(user);
        }
      }
    }
    return holders;
  }
}

/** Users by the roles that they hold. */
type Holders = ReadonlyMap<string, readonly string[]>;

const listingMs = 30_000;
const usersAtOnce = 32;
