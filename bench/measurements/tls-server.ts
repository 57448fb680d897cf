import { once } from 'node:events';
import { type Http2ServerResponse, createSecureServer } from 'node:http2';
import { Readable } from 'node:stream';
import { defineMeasurement } from '../measurement.ts';
import { sampleSecret } from '../sample-secrets.ts';
import type { ServerIdentity } from './access.ts';

export interface TlsServerInput {
  readonly identity: Pick<ServerIdentity, 'serving'> & { readonly ca: string };
  /** Secrets in the list. */
  readonly objects: number;
  /** Changes of them in every watch. */
  readonly events: number;
}

export interface TlsServerOutput {
  /** TLS handshakes, the resumed ones among them too. */
  readonly handshakes: number;
  readonly resumed: number;
}

/**
 * A TLS server that speaks as much of Kubernetes as the clients need here, faster than any real one: a list of Secrets, in
 * pages when asked, one Secret, and a watch that sends all its events at once. Counts handshakes while it is paused.
 */
export const measurement = defineMeasurement<TlsServerInput, TlsServerOutput, { readonly server: string }>(
  import.meta.url,
  async ({ identity, objects, events }, pause) => {
    const secrets = Array.from({ length: objects }, (_, n) => stored(n, n + 1));
    const changes = eventChunks(objects, events);
    const count = { handshakes: 0, resumed: 0 };
    const { certificatePem: cert, privateKeyPem: key } = identity.serving;
    const server = createSecureServer({ allowHTTP1: true, cert, key, ca: identity.ca, requestCert: true });
    server.on('secureConnection', (socket) => {
      count.handshakes += 1;
      if (socket.isSessionReused()) count.resumed += 1;
    });
    server.on('request', (request, response) => {
      const { pathname, searchParams } = new URL(request.url, 'https://server');
      response.setHeader('content-type', 'application/json');
      if (searchParams.get('watch') === 'true') stream(changes, response);
      else if (pathname === '/api/v1/secrets') response.end(page(secrets, searchParams));
      else response.end(secrets[0] ?? '');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new TypeError('a TCP server has no port');
    await pause({ server: `https://127.0.0.1:${address.port}` });
    return { ...count };
  },
);

function stored(n: number, resourceVersion: number): string {
  const secret = sampleSecret(n);
  const metadata = {
    ...secret.metadata,
    uid: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
    resourceVersion: String(resourceVersion),
    creationTimestamp: '2026-01-01T00:00:00Z',
    managedFields: [
      {
        manager: 'bench',
        operation: 'Update',
        apiVersion: 'v1',
        time: '2026-01-01T00:00:00Z',
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:data': { '.': {}, 'f:apiserver.crt': {}, 'f:apiserver.key': {} },
          'f:metadata': {
            'f:annotations': { '.': {}, 'f:kamaji.clastix.io/checksum': {} },
            'f:labels': { '.': {}, 'f:kamaji.clastix.io/name': {}, 'f:kamaji.clastix.io/project': {} },
          },
          'f:type': {},
        },
      },
    ],
  };
  return JSON.stringify({ ...secret, metadata });
}

function page(secrets: readonly string[], search: URLSearchParams): string {
  const from = Number(search.get('continue') ?? 0);
  const to = from + Number(search.get('limit') ?? secrets.length);
  const metadata = {
    resourceVersion: String(secrets.length),
    ...(to < secrets.length ? { continue: String(to) } : {}),
  };
  const items = secrets.slice(from, to).join(',');
  return `{"kind":"SecretList","apiVersion":"v1","metadata":${JSON.stringify(metadata)},"items":[${items}]}`;
}

const linesPerChunk = 50;

function eventChunks(objects: number, events: number): readonly Buffer[] {
  const chunks: Buffer[] = [];
  for (let from = 0; from < events; from += linesPerChunk) {
    const lines: string[] = [];
    for (let event = from; event < Math.min(events, from + linesPerChunk); event++) {
      lines.push(`{"type":"MODIFIED","object":${stored(event % objects, objects + event + 1)}}\n`);
    }
    chunks.push(Buffer.from(lines.join('')));
  }
  return chunks;
}

// The response stays open: a watch that ended would be opened again.
function stream(chunks: readonly Buffer[], response: Http2ServerResponse): void {
  const source = Readable.from(chunks);
  source.pipe(response, { end: false });
  response.once('close', () => source.destroy());
}
