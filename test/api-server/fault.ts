import type { StatusDetails } from '#runtime/client/errors.ts';
import type { Status } from './status.ts';

/**
 * What goes wrong with one request. `effect` says whether it was carried out all the same: `done` is an answer that
 * was lost. Default `none`.
 */
export type RequestFault =
  /** An answer of that code, with a Status unless another body is given. */
  | {
      readonly kind: 'status';
      readonly code: number;
      readonly reason?: string;
      readonly message?: string;
      readonly details?: StatusDetails;
      /** Of the header of that name. */
      readonly retryAfterSeconds?: number;
      readonly body?: string;
      readonly effect?: 'none' | 'done';
    }
  /** The connection breaks instead of an answer. */
  | { readonly kind: 'reset'; readonly effect?: 'none' | 'done' }
  /** No answer, and the connection stands. */
  | { readonly kind: 'silence'; readonly effect?: 'none' | 'done' }
  /** Nobody listens. Over HTTP as `reset`. */
  | { readonly kind: 'refuse' }
  /** The answer comes in that many pieces, one each `everyMs`. */
  | { readonly kind: 'slow'; readonly chunks: number; readonly everyMs: number }
  /** The answer is cut in the middle by the end of the connection. */
  | { readonly kind: 'cut' };

/** What goes wrong with an open watch, at once or after that many events. Default 0. */
export type StreamFault = { readonly afterEvents?: number } & (
  | {
      readonly kind:
        /** The server ends it; right after its beginning: an empty close. */
        | 'watch-end'
        /** The connection breaks. */
        | 'watch-reset'
        /** Nothing comes any more, and the connection stands. */
        | 'watch-silence'
        /** The next event is cut in the middle and the stream ends. */
        | 'watch-truncated'
        /** The next event comes twice. */
        | 'watch-duplicate'
        /** The stream ends in place of the next event. */
        | 'watch-withheld';
    }
  /** An ERROR event, by default 410 Expired, then the end. */
  | { readonly kind: 'watch-error'; readonly status?: Status }
);
