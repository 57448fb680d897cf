import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { ensureDirectory, stateDirectory } from '../cache-directory.ts';

/** What an engine of the lab's own changes of the machine's settings. */
export interface HostSettings {
  /** Policy of the filter table's FORWARD chain; dockerd sets it. */
  readonly forwardPolicy: string;
  /** Path below `/proc/sys` → value. */
  readonly sysctls: Readonly<Record<string, string>>;
}

const ipForward = 'net/ipv4/ip_forward';
const inotifyInstances = 'fs/inotify/max_user_instances';
/** Every node takes about 20 of them, all as the same user; the kernel's default is 128. */
const neededInotifyInstances = 1_024;

/** Writes down, once, what the engine is about to change, then gives the nodes what they need. */
export async function prepareHostSettings(signal: AbortSignal): Promise<void> {
  const { stdout } = await execa('iptables', ['-w', '-S', 'FORWARD'], { cancelSignal: signal });
  const [, forwardPolicy = 'ACCEPT'] = /^-P FORWARD (\S+)$/m.exec(stdout) ?? [];
  const sysctls: Record<string, string> = {};
  for (const name of [ipForward, inotifyInstances]) sysctls[name] = await readSysctl(name);
  const settings: HostSettings = { forwardPolicy, sysctls };
  await ensureDirectory(stateDirectory());
  // An engine that was killed has changed them already: the first record stands.
  await writeFile(recordFile(), JSON.stringify(settings), { flag: 'wx' }).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  });
  if (Number(sysctls[inotifyInstances]) < neededInotifyInstances) {
    await writeFile(`/proc/sys/${inotifyInstances}`, String(neededInotifyInstances));
  }
}

/** What was written down; `undefined` unless an engine of the lab's own runs, or ran and was killed. */
export async function recordedHostSettings(): Promise<HostSettings | undefined> {
  const text = await readFile(recordFile(), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : parseHostSettings(text);
}

/** Reads a record leniently: what is missing in it is left as it is. */
export function parseHostSettings(text: string): HostSettings {
  const record: unknown = JSON.parse(text);
  const fields = isRecord(record) ? record : {};
  const { forwardPolicy, sysctls } = fields;
  const known = isRecord(sysctls) ? Object.entries(sysctls) : [];
  return {
    forwardPolicy: forwardPolicy === 'DROP' ? 'DROP' : 'ACCEPT',
    sysctls: Object.fromEntries(known.filter((entry): entry is [string, string] => typeof entry[1] === 'string')),
  };
}

/** Puts everything back as it was before the lab's first engine. */
export async function restoreHostSettings(signal: AbortSignal): Promise<void> {
  const settings = await recordedHostSettings();
  if (settings === undefined) return;
  await execa('iptables', ['-w', '-P', 'FORWARD', settings.forwardPolicy], { cancelSignal: signal });
  for (const [name, value] of Object.entries(settings.sysctls)) await writeFile(`/proc/sys/${name}`, value);
  await rm(recordFile());
}

function recordFile(): string {
  return join(stateDirectory(), 'host-settings.json');
}

async function readSysctl(name: string): Promise<string> {
  return (await readFile(`/proc/sys/${name}`, 'utf8')).trim();
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
