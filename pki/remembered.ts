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
    const digest = digestOf(question);
    const known = this.#answers.get(digest);
    if (known !== undefined) return known;
    const found = find();
    if (found !== undefined) this.#keep(digest, found);
    return found;
  }

  /** Notes the answer to a question that nobody has to find out. */
  note(question: readonly unknown[], answer: V): void {
    this.#keep(digestOf(question), answer);
  }

  #keep(digest: string, answer: V): void {
    this.#answers.set(digest, answer);
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= this.#limit) break;
      this.#answers.delete(oldest);
    }
  }
}

function digestOf(question: readonly unknown[]): string {
  return hash('sha256', JSON.stringify(question), 'base64');
}

/** Why something must be made again, or until when (ms since the epoch) nothing speaks against it. */
export type Verdict<Objection> = { readonly objection: Objection } | { readonly dueMs: number };

/** Looks again at what was once found good only when that is due. */
export class GoodUntilDue {
  readonly #due = new Remembered<number>();

  /** Notes that nothing speaks against something before it is due: we have just made it so. */
  note(question: readonly unknown[], due: Date): void {
    this.#due.note(question, due.getTime());
  }

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
