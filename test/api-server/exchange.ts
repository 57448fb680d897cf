import type { RequestFault } from './fault.ts';
import { statusOf } from './status.ts';
import type { WatchStream } from './watch-stream.ts';

/** An answer of which everything is known when its first byte is sent. */
export interface Answer {
  readonly code: number;
  readonly contentType: string;
  /** Seconds, of the header of that name. */
  readonly retryAfter?: number;
  readonly body: string;
}

/** What a front end is to do with one request. */
export type Delivery =
  | { readonly kind: 'answer' | 'cut'; readonly answer: Answer }
  | { readonly kind: 'slow'; readonly answer: Answer; readonly chunks: number; readonly everyMs: number }
  | { readonly kind: 'watch'; readonly stream: WatchStream }
  | { readonly kind: 'reset' | 'refuse' | 'silence' };

export function json(code: number, body: string): Answer {
  return { code, contentType: 'application/json', body };
}

/** Whether the request is carried out although the fault strikes it. */
export function hasEffect(fault: RequestFault): boolean {
  return fault.kind === 'slow' || fault.kind === 'cut' || ('effect' in fault && fault.effect === 'done');
}

/** What becomes of the answer under the fault; `answer` is absent when the request was not carried out. */
export function struck(fault: RequestFault, answer: Answer | undefined): Delivery {
  switch (fault.kind) {
    case 'status':
      return { kind: 'answer', answer: faultyAnswer(fault) };
    case 'slow':
      if (answer === undefined) return { kind: 'silence' };
      return { kind: 'slow', answer, chunks: fault.chunks, everyMs: fault.everyMs };
    case 'cut':
      return answer === undefined ? { kind: 'reset' } : { kind: 'cut', answer };
    default:
      return { kind: fault.kind };
  }
}

const usual: Readonly<Record<number, readonly [reason: string, message: string]>> = {
  401: ['Unauthorized', 'Unauthorized'],
  403: ['Forbidden', 'forbidden'],
  409: ['Conflict', 'the object has been modified'],
  410: ['Expired', 'too old resource version'],
  429: ['TooManyRequests', 'the server has received too many requests and has asked us to try again later'],
  500: ['InternalError', 'Internal error occurred: injected'],
  503: ['ServiceUnavailable', 'the server is currently unable to handle the request'],
  504: ['Timeout', 'Timeout: request did not complete within the allotted timeout'],
};

function faultyAnswer(fault: Extract<RequestFault, { kind: 'status' }>): Answer {
  const [reason, message] = usual[fault.code] ?? [undefined, 'injected'];
  const status = statusOf(fault.code, fault.reason ?? reason, fault.message ?? message, fault.details);
  return {
    code: fault.code,
    contentType: fault.body === undefined ? 'application/json' : 'text/plain',
    ...(fault.retryAfterSeconds === undefined ? {} : { retryAfter: fault.retryAfterSeconds }),
    body: fault.body ?? JSON.stringify(status),
  };
}
