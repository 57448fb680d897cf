import { X509Certificate, createPrivateKey } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { TLSSocket } from 'node:tls';
import type { Logger } from 'winston';
import type { Server } from '../manager/manager.ts';
import { type ListenAddress, close, listen, requestListener } from './listener.ts';

/** A serving certificate chain and its key, PEM. */
export interface ServingCertificate {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  /** Authorities of client certificates, PEM: read only by a server that asks for those. */
  readonly clientAuthoritiesPem?: string;
}

/** What the server reports; must not throw. */
export interface ReviewMetrics {
  started(path: string): void;
  /** `code` is the HTTP status of our answer. */
  finished(path: string, code: number, seconds: number): void;
  /** controller-runtime: `certwatcher_read_certificate_total` and `…_errors_total`. */
  certificateRead(ok: boolean): void;
}

/** How one kind of review is written in JSON. */
export interface ReviewFormat<Question, Answer> {
  /** Of the server, for logs. */
  readonly name: string;
  /** What is answered to, for who sends something else. */
  readonly kind: string;
  readonly maxBodyBytes: number;
  /** Undefined: the text is no such review. */
  readonly parse: (text: string) => Question | undefined;
  readonly format: (question: Question, answer: Answer) => string;
}

/**
 * Answers one review. Must do so well within the time-out of the one who asks; a rejection leaves it to that one's
 * failurePolicy. `client` is the common name of the client certificate, where the server asks for one.
 */
export type ReviewHandler<Question, Answer> = (
  question: Question,
  signal: AbortSignal,
  client: string,
) => Promise<Answer>;

export interface ReviewServerOptions extends ListenAddress {
  readonly log: Logger;
  readonly metrics?: ReviewMetrics;
}

export interface ReviewServer<Question, Answer> extends Server {
  /** The port in use, after `listen`. */
  port(): number;
  /** Serves `handler` at `path`. Before `listen` only. */
  handle(path: string, handler: ReviewHandler<Question, Answer>): void;
  /**
   * Serves this certificate from the next handshake on; connections that stand are not disturbed. Throws
   * CertificateMismatchError, and keeps the old one, when the key is not that of the certificate.
   */
  setCertificate(certificate: ServingCertificate): void;
  /** For a readiness check: a certificate is set. */
  hasCertificate(): boolean;
}

/** A private key that does not belong to its certificate: what a half-finished rotation looks like. */
export class CertificateMismatchError extends Error {
  readonly code = 'CERTIFICATE_MISMATCH';

  constructor() {
    super('the private key does not belong to the certificate');
    this.name = 'CertificateMismatchError';
  }
}

/**
 * Answers reviews over TLS. Handshakes fail until the first certificate is set and, with `clientCertificates`, for everyone who
 * has none of an authority that was set with it.
 */
export function createReviewServer<Question, Answer>(
  options: ReviewServerOptions,
  format: ReviewFormat<Question, Answer>,
  { clientCertificates = false }: { readonly clientCertificates?: boolean } = {},
): ReviewServer<Question, Answer> {
  const { log, metrics } = options;
  const handlers = new Map<string, ReviewHandler<Question, Answer>>();
  let hasCertificate = false;
  let port = options.port;
  const handle = requestListener(log, async (request, response) => {
    const path = new URL(request.url ?? '/', 'https://localhost').pathname;
    const handler = handlers.get(path);
    if (handler === undefined || request.method !== 'POST') {
      response.writeHead(404).end();
      return;
    }
    const startedAt = performance.now();
    metrics?.started(path);
    response.once('close', () => metrics?.finished(path, response.statusCode, (performance.now() - startedAt) / 1000));
    await answer(handler, format, request, response);
  });
  const server = createServer(
    { minVersion: 'TLSv1.2', requestCert: clientCertificates, rejectUnauthorized: clientCertificates },
    handle,
  );
  server.on('tlsClientError', (error) => log.debug('TLS handshake failed', { error }));
  return {
    name: format.name,
    port: () => port,
    handle: (path, handler) => void handlers.set(path, handler),
    setCertificate: ({ certificatePem, privateKeyPem, clientAuthoritiesPem }) => {
      try {
        if (!new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(privateKeyPem))) {
          throw new CertificateMismatchError();
        }
        server.setSecureContext({
          cert: certificatePem,
          key: privateKeyPem,
          minVersion: 'TLSv1.2',
          // An empty list would be that of the system's authorities.
          ...(clientCertificates && { ca: clientAuthoritiesPem ?? certificatePem }),
        });
      } catch (error) {
        metrics?.certificateRead(false);
        throw error;
      }
      hasCertificate = true;
      metrics?.certificateRead(true);
    },
    hasCertificate: () => hasCertificate,
    listen: async () => {
      port = await listen(server, options);
    },
    close: (signal) => close(server, signal),
  };
}

async function answer<Question, Answer>(
  handler: ReviewHandler<Question, Answer>,
  { kind, maxBodyBytes, parse, format }: ReviewFormat<Question, Answer>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request, maxBodyBytes);
  if (body === undefined) {
    response.writeHead(413, { connection: 'close' }).end('too large\n');
    return;
  }
  const question = parse(body);
  if (question === undefined) {
    response.writeHead(400).end(`not a ${kind}\n`);
    return;
  }
  const gone = new AbortController();
  response.once('close', () => gone.abort(new Error('the API server no longer waits')));
  const given = await handler(question, gone.signal, clientOf(request));
  response.writeHead(200, { 'content-type': 'application/json' }).end(format(question, given));
}

// Only a certificate of a known authority has come through the handshake.
function clientOf({ socket }: IncomingMessage): string {
  const name: unknown = socket instanceof TLSSocket ? socket.getPeerCertificate().subject?.CN : undefined;
  return typeof name === 'string' ? name : '';
}

/** Undefined when there is more of it than may be. */
async function readBody(request: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  if (Number(request.headers['content-length']) > maxBytes) return undefined;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('a request without encoding yields bytes');
    bytes += chunk.length;
    if (bytes > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
