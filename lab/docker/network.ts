import { execa } from 'execa';
import { dockerNetwork } from '../paths.ts';
import type { Docker } from './docker.ts';

/** Name of the bridge interface behind the network, so that rules can name it before it exists. */
export const bridge = 'kamaji-lab0';

// Before the filter table, whose chains the engine arranges anew whenever it likes.
const isolation = ['FORWARD', '-i', bridge, '!', '-o', bridge, '-j', 'DROP'];

/**
 * Lets no packet of the lab's network leave the machine: nothing is forwarded from its bridge to another interface. Published
 * ports still work from this machine. The bridge need not exist yet.
 */
export async function isolateNetwork(signal: AbortSignal): Promise<void> {
  const iptables = async (action: '-C' | '-I') =>
    execa('iptables', ['-w', '-t', 'mangle', action, ...isolation], { cancelSignal: signal, reject: action === '-I' });
  const { failed } = await iptables('-C');
  signal.throwIfAborted();
  if (failed) await iptables('-I');
}

/** Makes the network that kind and CAPD use, on the isolated bridge and without masquerading. Elsewhere kind makes it. */
export async function ensureIsolatedNetwork(docker: Docker): Promise<void> {
  const known = await docker(['network', 'ls', '--quiet', '--filter', `name=^${dockerNetwork}$`]);
  if (known !== '') return;
  const masquerade = 'com.docker.network.bridge.enable_ip_masquerade=false';
  const name = `com.docker.network.bridge.name=${bridge}`;
  await docker(['network', 'create', '--driver', 'bridge', '--opt', masquerade, '--opt', name, dockerNetwork]);
}

/** Removes the network; one that still has containers stays. */
export async function removeNetwork(docker: Docker): Promise<void> {
  await docker(['network', 'rm', dockerNetwork]).catch(() => '');
}
