import { hash } from 'node:crypto';

/**
 * What pure functions answered, by a digest of what they were asked: certificates and keys that have not changed are not parsed
 * again. Of what it was asked it keeps the digest alone, so that no key stays in memory. Beyond `limit` the oldest answers go.
 */
export class Remembered<V> {
  readonly #limit: number;
  readonly #answers = new Map<string, V>();

  constructor(limit = 50_000) {
    this.#limit = limit;
  }

  /** The answer to a question (anything that JSON can say), or what `find` gives, remembered unless that is undefined. */
  answer(question: readonly unknown[], find: () => V): V;
  answer(question: readonly unknown[], find: () => V | undefined): V | undefined;
  answer(question: readonly unknown[], find: () => V | undefined): V | undefined {
    const digest = hash('sha256', JSON.stringify(question), 'base64');
    const known = this.#answers.get(digest);
    if (known !== undefined) return known;
    const found = find();
    if (found === undefined) return undefined;
    this.#answers.set(digest, found);
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= this.#limit) break;
      this.#answers.delete(oldest);
    }
    return found;
  }
}

/** Why something must be made again, or until when (ms since the epoch) nothing speaks against it. */
export type Verdict<Objection> = { readonly objection: Objection } | { readonly dueMs: number };

/** Looks again at what was once found good only when that is due. */
export class GoodUntilDue {
  readonly #due = new Remembered<number>();

  /** What `look` objects to; it must follow from the question alone, but for objections that begin when it is due. */
  objection<O>(question: readonly unknown[], now: Date, look: () => Verdict<O>): O | undefined {
    let objection: O | undefined;
    const dueMs = this.#due.answer(question, () => {
      const verdict = look();
      if ('dueMs' in verdict) return verdict.dueMs;
      ({ objection } = verdict);
      return undefined;
    });
    if (dueMs === undefined || now.getTime() < dueMs) return objection;
    const verdict = look();
    return 'objection' in verdict ? verdict.objection : undefined;
  }
}
