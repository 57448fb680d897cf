import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/**
 * The command line by which a database server runs as a user of its own: as root they refuse to. Someone who is not root runs it as
 * themselves.
 */
export function asUser(user: string, file: string, args: readonly string[]): [file: string, args: readonly string[]] {
  if (process.getuid?.() !== 0) return [file, args];
  return ['setpriv', [`--reuid=${user}`, `--regid=${user}`, '--clear-groups', file, ...args]];
}

/** Gives a directory with all that is in it to that user, as far as we may. */
export async function giveTo(user: string, directory: string): Promise<void> {
  if (process.getuid?.() === 0) await promisify(execFile)('chown', ['--recursive', `${user}:${user}`, directory]);
}
