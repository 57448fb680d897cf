import { execa } from 'execa';
import { bridge } from './network.ts';

/** Takes out every rule and chain that an engine leaves behind. The engine must have ended. */
export async function removeEngineRules(signal: AbortSignal): Promise<void> {
  await execa('ip', ['link', 'delete', bridge], { cancelSignal: signal, reject: false });
  for (const table of ['filter', 'nat', 'mangle']) {
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
