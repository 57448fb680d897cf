import type { Session } from './session.ts';

/** Something that every API server must do in the same way. */
export interface Behaviour {
  /** What a client sees. */
  readonly title: string;
  readonly run: (session: Session) => Promise<unknown>;
}
