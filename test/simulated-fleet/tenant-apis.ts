import { once } from 'node:events';
import { createServer } from 'node:https';
import { callbackify } from 'node:util';
import { TLSSocket, type SecureContext, createSecureContext } from 'node:tls';
import { namesOfControlPlane } from '#controlplane/names.ts';
import { secrets } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import { systemClock } from '#runtime/clock.ts';
import { type ApiServer, createApiServer } from '../api-server/api-server.ts';

/** The API servers of all tenants of a management cluster. */
export interface TenantApis {
  /** Requests answered so far. */
  requests(): number;
  close(): void;
}

/**
 * Serves them in this process, on one port of every loopback address: fake ones in memory, each made when it is first asked for,
 * with the serving certificate that the manager made for it. Who asks is not checked.
 */
export async function serveTenantApis(management: Client, port: number): Promise<TenantApis> {
  const contexts = new Map<string, SecureContext>();
  const apis = new Map<string, ApiServer>();
  let requests = 0;
  const server = createServer({
    requestCert: true,
    rejectUnauthorized: false,
    // As long as kube-apiserver keeps them (its IdleTimeout); Node's default of 5 s would cost a handshake for every look.
    keepAliveTimeout: 90_000,
    SNICallback(name, done) {
      callbackify((of: string) => contextOf(of, management, contexts))(name, (error, context) => done(error, context));
    },
  });
  server.on('request', (request, response) => {
    requests += 1;
    const name = request.socket instanceof TLSSocket ? request.socket.servername : undefined;
    if (typeof name !== 'string') {
      response.writeHead(421).end();
      return;
    }
    const api = apis.get(name) ?? createApiServer({ clock: systemClock });
    apis.set(name, api);
    api.answer(request, response);
  });
  server.listen(port, '0.0.0.0');
  await once(server, 'listening');
  return {
    requests: () => requests,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** `name.namespace.svc` is what the manager asks for, and what the tenant's certificate is for. */
async function contextOf(
  serverName: string,
  client: Client,
  known: Map<string, SecureContext>,
): Promise<SecureContext> {
  const context = known.get(serverName);
  if (context !== undefined) return context;
  const [name = '', namespace = ''] = serverName.split('.');
  const secret = await client.get(secrets, { namespace, name: namesOfControlPlane(name).apiServerCertificate });
  const pem = (item: string): string => Buffer.from(secret?.data?.[item] ?? '', 'base64').toString('utf8');
  const made = createSecureContext({ cert: pem('apiserver.crt'), key: pem('apiserver.key') });
  known.set(serverName, made);
  return made;
}
