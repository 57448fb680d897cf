import { hash } from 'node:crypto';

/**
 * What pure functions answered, by a digest of what they were asked: certificates and keys that have not changed are not parsed
 * again. Of what it was asked it keeps the digest alone, so that no key stays in memory. An answer that nobody has asked for
 * during a whole period (`endPeriod`) goes, and beyond `limit` so do the oldest. It is kept for as long as the process runs.
 */
export class Remembered<V> {
  readonly #limit: number;
  /** What has been asked for in this period, and what was asked for in the one before it, but not again so far. */
  #fresh = new Map<string, V>();
  #old = new Map<string, V>();

  constructor(limit = 50_000) {
    this.#limit = limit;
    periodEnds.push(() => {
      this.#old = this.#fresh;
      this.#fresh = new Map();
    });
  }

  /** The answer to a question (anything that JSON can say), or what `find` gives, remembered unless that is undefined. */
  answer(question: readonly unknown[], find: () => V): V;
  answer(question: readonly unknown[], find: () => V | undefined): V | undefined;
  answer(question: readonly unknown[], find: () => V | undefined): V | undefined {
    const digest = digestOf(question);
    const known = this.#fresh.get(digest);
    if (known !== undefined) return known;
    const found = this.#old.get(digest) ?? find();
    if (found !== undefined) this.#keep(digest, found);
    return found;
  }

  /** Notes the answer to a question that nobody has to find out. */
  note(question: readonly unknown[], answer: V): void {
    this.#keep(digestOf(question), answer);
  }

  #keep(digest: string, answer: V): void {
    this.#old.delete(digest);
    this.#fresh.set(digest, answer);
    for (const generation of [this.#old, this.#fresh]) {
      for (const oldest of generation.keys()) {
        if (this.#old.size + this.#fresh.size <= this.#limit) return;
        generation.delete(oldest);
      }
    }
  }
}

const periodEnds: (() => void)[] = [];

/**
 * Ends a period for all that is remembered. Whoever runs the process says when: its periods are longer than the time between
 * two questions about a thing that still exists.
 */
export function endPeriod(): void {
  for (const end of periodEnds) end();
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
