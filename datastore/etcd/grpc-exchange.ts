import type { ClientHttp2Session, IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2';
import { constants } from 'node:http2';
import { abortReason } from '#runtime/clock.ts';

/** The peer answered with a status other than OK (gRPC: statuscodes.md). */
export class GrpcStatusError extends Error {
  override readonly name = 'GrpcStatusError';
  readonly status: number;
  /** The peer's own words. */
  readonly details: string;

  constructor(status: number, details: string) {
    super(`${status}: ${details}`);
    this.status = status;
    this.details = details;
  }
}

/** The peer did not answer in time. */
export class GrpcTimeoutError extends Error {
  override readonly name = 'GrpcTimeoutError';

  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`);
  }
}

/** One unary call on an HTTP/2 session: sends a message and resolves to the one that comes back. */
export function exchange(
  http2: ClientHttp2Session,
  path: string,
  message: Uint8Array,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const stream = http2.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      'grpc-timeout': `${timeoutMs}m`,
    });
    const chunks: Buffer[] = [];
    let status: Headers = {};
    let failure: Error | undefined;
    const onAbort = (): void => {
      stream.close(constants.NGHTTP2_CANCEL);
      reject(abortReason(signal));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    stream.on('response', (headers) => {
      status = headers;
    });
    stream.on('trailers', (trailers) => {
      status = { ...status, ...trailers };
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', (error) => {
      failure = error;
    });
    stream.on('close', () => {
      signal.removeEventListener('abort', onAbort);
      const answer = answerOf(status, Buffer.concat(chunks));
      if (Buffer.isBuffer(answer)) resolve(answer);
      else reject(answer instanceof GrpcStatusError ? answer : (failure ?? answer));
    });
    stream.end(Buffer.concat([prefixOf(message), message]));
    if (signal.aborted) onAbort();
  });
}

// gRPC: a byte for compression (none), four for the length, then the message.
const PREFIX = 5;

function prefixOf(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(PREFIX);
  prefix.writeUInt32BE(message.length, 1);
  return prefix;
}

/** The message that was sent, or why there is none. */
function answerOf(headers: Headers, body: Buffer): Buffer | Error {
  const status = headers['grpc-status'];
  if (typeof status !== 'string') {
    const http = headers[':status'];
    return http === undefined || http === 200
      ? connectionLost()
      : new Error(`the peer speaks no gRPC: it answered with HTTP status ${http}`);
  }
  if (status !== '0') return new GrpcStatusError(Number(status), percentDecoded(headers['grpc-message']));
  if (body.length < PREFIX || body[0] !== 0 || body.readUInt32BE(1) !== body.length - PREFIX) {
    return new Error('the peer sent something else than one uncompressed message');
  }
  return body.subarray(PREFIX);
}

function percentDecoded(text: string | string[] | undefined): string {
  const raw = String(text ?? '');
  try {
    return decodeURIComponent(raw);
  } catch {
    return raw;
  }
}

/** Said as Node says it of established connections. */
export function connectionLost(): Error {
  return Object.assign(new Error('the peer closed the connection'), { code: 'ECONNRESET' });
}

type Headers = IncomingHttpHeaders & IncomingHttpStatusHeader;
