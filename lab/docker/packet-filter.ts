import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { ensureDirectory, stateDirectory } from '../cache-directory.ts';
import { bridge } from './network.ts';

const ipForward = '/proc/sys/net/ipv4/ip_forward';

/** Writes down, once, what dockerd is about to change of the machine's forwarding. */
export async function recordForwarding(signal: AbortSignal): Promise<void> {
  const { stdout } = await execa('iptables', ['-w', '-S', 'FORWARD'], { cancelSignal: signal });
  const [, policy = 'ACCEPT'] = /^-P FORWARD (\S+)$/m.exec(stdout) ?? [];
  const record = { policy, ipForward: (await readFile(ipForward, 'utf8')).trim() };
  await ensureDirectory(stateDirectory());
  // An engine that was killed has changed them already: the first record stands.
  await writeFile(recordFile(), JSON.stringify(record), { flag: 'wx' }).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  });
}

/** Whether the lab has started an engine here and not taken it away since. */
export async function engineWasOurs(): Promise<boolean> {
  return (await readRecord()) !== undefined;
}

/** Puts the machine's forwarding back as it was before the lab's first engine. */
export async function restoreForwarding(signal: AbortSignal): Promise<void> {
  const record = await readRecord();
  if (record === undefined) return;
  await execa('iptables', ['-w', '-P', 'FORWARD', record.policy], { cancelSignal: signal });
  await writeFile(ipForward, record.ipForward);
  await rm(recordFile());
}

/** Takes out every rule and chain that an engine leaves behind. The engine must have ended. */
export async function removeEngineRules(signal: AbortSignal): Promise<void> {
  await execa('ip', ['link', 'delete', bridge], { cancelSignal: signal, reject: false });
  for (const table of ['filter', 'nat']) {
    const iptables = (args: readonly string[]) =>
      execa('iptables', ['-w', '-t', table, ...args], { cancelSignal: signal, reject: false });
    const { stdout } = await iptables(['-S']);
    const { rules, chains } = engineRules(stdout);
    for (const rule of rules) await iptables(rule);
    for (const chain of chains) await iptables(['-F', chain]);
    for (const chain of chains) await iptables(['-X', chain]);
    signal.throwIfAborted();
  }
}

/**
 * The engine's part of one table: commands that delete its rules in chains of others, and its own chains.
 *
 * @param listing output of `iptables -S`
 */
export function engineRules(listing: string): {
  readonly rules: readonly (readonly string[])[];
  readonly chains: readonly string[];
} {
  const lines = listing.split('\n').map((line) => line.split(' '));
  const chains = lines.flatMap(([verb, chain = '']) => (verb === '-N' && chain.startsWith('DOCKER') ? [chain] : []));
  const own = new Set(chains);
  const rules = lines.flatMap(([verb, chain = '', ...rest]) => {
    if (verb !== '-A' || own.has(chain)) return [];
    return rest.some((word) => own.has(word) || word === bridge) ? [['-D', chain, ...rest]] : [];
  });
  return { rules, chains };
}

function recordFile(): string {
  return join(stateDirectory(), 'forwarding.json');
}

async function readRecord(): Promise<{ readonly policy: string; readonly ipForward: string } | undefined> {
  const text = await readFile(recordFile(), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const record: unknown = JSON.parse(text);
  const read = (field: string, otherwise: string) => {
    const value: unknown = typeof record === 'object' && record !== null ? Reflect.get(record, field) : undefined;
    return typeof value === 'string' ? value : otherwise;
  };
  return { policy: read('policy', 'ACCEPT'), ipForward: read('ipForward', '0') };
}
