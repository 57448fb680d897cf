import { type Access, createServerIdentity } from './measurements/access.ts';
import { type TlsServerOutput, measurement } from './measurements/tls-server.ts';
import { runMeasurement } from './run-measurement.ts';

export interface TlsServerOptions {
  readonly objects: number;
  readonly events: number;
  readonly signal: AbortSignal;
}

/** Runs a TLS server in a process of its own while `use` runs; answers what that gave and what the server counted. */
export async function withTlsServer<T>(
  { objects, events, signal }: TlsServerOptions,
  use: (access: Access) => Promise<T>,
): Promise<{ readonly result: T; readonly counted: TlsServerOutput }> {
  const { serving, access } = await createServerIdentity();
  const { promise, resolve } = Promise.withResolvers<T>();
  const input = { identity: { serving, ca: access.ca }, objects, events };
  const counted = await runMeasurement(measurement, input, signal, async ({ server }) => {
    resolve(await use({ ...access, server }));
  });
  return { result: await promise, counted };
}
