import { X509Certificate, createPrivateKey } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Logger } from 'winston';
import type { Server } from '../manager/manager.ts';
import { type AdmissionRequest, type AdmissionResponse, formatReview, parseReview } from './admission-review.ts';
import { type ListenAddress, close, listen, requestListener } from './listener.ts';

/** Judges one request. Must answer well within the webhook's time-out; a rejection leaves the verdict to failurePolicy. */
export type AdmissionHandler = (request: AdmissionRequest, signal: AbortSignal) => Promise<AdmissionResponse>;

/** A serving certificate chain and its key, PEM. */
export interface ServingCertificate {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** What the server reports; must not throw. */
export interface AdmissionMetrics {
  started(path: string): void;
  /** `code` is the HTTP status of our answer. */
  finished(path: string, code: number, seconds: number): void;
  /** controller-runtime: `certwatcher_read_certificate_total` and `…_errors_total`. */
  certificateRead(ok: boolean): void;
}

export interface AdmissionServerOptions extends ListenAddress {
  readonly log: Logger;
  readonly metrics?: AdmissionMetrics;
}

export interface AdmissionServer extends Server {
  /** The port in use, after `listen`. */
  port(): number;
  /** Serves `handler` at `path`. Before `listen` only. */
  handle(path: string, handler: AdmissionHandler): void;
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

// An object and its old version, each of at most 3 MiB for kube-apiserver, and the envelope.
const maxBodyBytes = 8 * 1024 * 1024;

/**
 * Answers AdmissionReviews of version v1 over TLS (Kubernetes: dynamic admission control). Handshakes fail until the
 * first certificate is set.
 */
export function createAdmissionServer(options: AdmissionServerOptions): AdmissionServer {
  const { log, metrics } = options;
  const handlers = new Map<string, AdmissionHandler>();
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
    await answer(handler, request, response);
  });
  const server = createServer({ minVersion: 'TLSv1.2' }, handle);
  server.on('tlsClientError', (error) => log.debug('TLS handshake failed', { error }));
  return {
    name: 'admission server',
    port: () => port,
    handle: (path, handler) => void handlers.set(path, handler),
    setCertificate: ({ certificatePem, privateKeyPem }) => {
      try {
        if (!new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(privateKeyPem))) {
          throw new CertificateMismatchError();
        }
        server.setSecureContext({ cert: certificatePem, key: privateKeyPem, minVersion: 'TLSv1.2' });
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

async function answer(handler: AdmissionHandler, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (Number(request.headers['content-length']) > maxBodyBytes) {
    response.writeHead(413).end('too large\n');
    return;
  }
  const review = parseReview(await readBody(request));
  if (review === undefined) {
    response.writeHead(400).end('not an AdmissionReview of admission.k8s.io/v1\n');
    return;
  }
  const gone = new AbortController();
  response.once('close', () => gone.abort(new Error('the API server no longer waits')));
  const verdict = await handler(review, gone.signal);
  response.writeHead(200, { 'content-type': 'application/json' }).end(formatReview(review.uid, verdict));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('a request without encoding yields bytes');
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw new RangeError('the request is larger than it may be');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
