import assert from 'node:assert/strict';
import type { ConnectionConfig } from '#datastore/connection.ts';
import type { Driver } from '#datastore/driver.ts';
import { DataStoreError, type DataStoreErrorCode } from '#datastore/errors.ts';
import type { DatabaseServer } from '../database-server.ts';

/** A kind of SQL store as its tests need it. */
export interface Engine {
  readonly driver: 'PostgreSQL' | 'MySQL';
  readonly version: RegExp;
  start(settings?: Readonly<Record<string, string>>): Promise<EngineServer>;
  open(config: ConnectionConfig, options?: EngineOptions): Driver;
  readonly connectionLimitSettings: Readonly<Record<string, string>>;
}

export interface EngineOptions {
  readonly beforeWrite?: () => void;
  readonly timeoutMs?: number;
}

export interface EngineServer extends DatabaseServer {
  query(statement: string, login?: EngineLogin): Promise<readonly Record<string, unknown>[]>;
  /** Databases, users and their rights, one a line. */
  listing(): Promise<readonly string[]>;
  /** Runs a statement as a tenant in its database. */
  as(tenant: EngineTenant, statement: string): Promise<readonly Record<string, unknown>[]>;
  /** Opens a session of the tenant and resolves to how it ends. */
  holdSession(tenant: EngineTenant): Promise<{ readonly ended: Promise<void>; close(): void }>;
  /** Makes an administrator who may nothing. */
  weakAdministrator(): Promise<{ readonly username: string; readonly password: string }>;
  /** From now on the administrator must show a client certificate as well. */
  demandCertificate(): Promise<void>;
  /** Makes a user without a database, and a database of somebody else. */
  foreignUser(name: string): Promise<void>;
  foreignDatabase(name: string): Promise<void>;
}

export interface EngineLogin {
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
}

export interface EngineTenant {
  readonly schema: string;
  readonly user: string;
  readonly password: string;
}

/** A signal that never comes. */
export const never = new AbortController().signal;

/** How a DataStore on that server would be reached. */
export function configOf(
  server: EngineServer,
  driver: Engine['driver'],
  more: Partial<ConnectionConfig> = {},
): ConnectionConfig {
  return {
    driver,
    endpoints: [server.endpoint],
    tls: { ca: server.authority.certificatePem },
    basicAuth: server.administrator,
    fingerprint: '',
    ...more,
  };
}

/** What is expected of a failure. */
export function failsWith(code: DataStoreErrorCode, secret?: string): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof DataStoreError, String(error));
    assert.equal(error.code, code, error.message);
    const shown = `${error.stack} ${JSON.stringify(error.cause)} ${String(error.cause)}`;
    if (secret !== undefined) assert.ok(!shown.includes(secret), 'the password is in the error');
    return true;
  };
}

/** Opens drivers, and closes them all at the end. */
export function opener(engine: Engine): { open: Engine['open']; closeAll(): void } {
  const drivers: Driver[] = [];
  return {
    open(config, options) {
      const driver = engine.open(config, options);
      drivers.push(driver);
      return driver;
    },
    closeAll() {
      for (const driver of drivers) driver.close();
    },
  };
}
