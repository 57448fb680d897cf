import type { Finding, Step } from './finding.ts';

/** What a pass has found out and what went wrong on its way, so far. */
export class PassRecord {
  #findings: Finding[] = [];
  readonly #errors: Error[] = [];
  readonly #waitsMs: number[] = [];

  get findings(): readonly Finding[] {
    return this.#findings;
  }

  get errors(): readonly Error[] {
    return this.#errors;
  }

  /** After how long something is to be looked at again although nothing happens. */
  get waitsMs(): readonly number[] {
    return this.#waitsMs;
  }

  /** Notes what a step found out; answers what it hands on. */
  take<V>(step: Step<V>): V | undefined {
    if (step.finding === undefined) return step.value;
    const { type } = step.finding;
    // The later step of two that speak of the same has the last word: it runs only where the earlier one was content.
    this.#findings = [...this.#findings.filter((finding) => finding.type !== type), step.finding];
    if (step.error !== undefined) this.fail(step.error);
    if (step.requeueAfterMs !== undefined) this.wait(step.requeueAfterMs);
    return step.value;
  }

  /** For what follows from a phase as a whole: counts only where no step of it had a say. */
  unlessSaid(finding: Finding): void {
    if (!this.#findings.some(({ type }) => type === finding.type)) this.#findings.push(finding);
  }

  fail(error: Error): void {
    this.#errors.push(error);
  }

  wait(ms: number): void {
    this.#waitsMs.push(ms);
  }
}
