import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/**
 * Where the lab keeps what is costly to make: outside the repository, so that every checkout shares it.
 * `KAMAJI_LAB_CACHE`, else `$XDG_CACHE_HOME/kamaji-lab`, else `~/.cache/kamaji-lab`. Relative values are ignored, as
 * the XDG base directory specification asks.
 */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const own = env['KAMAJI_LAB_CACHE'];
  if (own !== undefined && isAbsolute(own)) return own;
  const xdg = env['XDG_CACHE_HOME'];
  return join(xdg !== undefined && isAbsolute(xdg) ? xdg : join(homedir(), '.cache'), 'kamaji-lab');
}

/**
 * Where the lab keeps what it must remember about running things: pid files, kubeconfigs, logs. Belongs to the machine,
 * not to a checkout. `KAMAJI_LAB_STATE`, else `$XDG_STATE_HOME/kamaji-lab`, else `~/.local/state/kamaji-lab`.
 */
export function stateDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const own = env['KAMAJI_LAB_STATE'];
  if (own !== undefined && isAbsolute(own)) return own;
  const xdg = env['XDG_STATE_HOME'];
  return join(xdg !== undefined && isAbsolute(xdg) ? xdg : join(homedir(), '.local', 'state'), 'kamaji-lab');
}

/** Makes the directory (and its parents) and returns its path. */
export async function ensureDirectory(...segments: [string, ...string[]]): Promise<string> {
  const path = join(...segments);
  await mkdir(path, { recursive: true });
  return path;
}
