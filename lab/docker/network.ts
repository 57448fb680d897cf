import { execa } from 'execa';
import { dockerNetwork } from '../paths.ts';
import type { Docker } from './docker.ts';

/** Name of the bridge interface behind the network, so that rules can name it before it exists. */
export const bridge = 'kamaji-lab0';

const isolation = ['-i', bridge, '!', '-o', bridge, '-j', 'DROP'];

/**
 * Makes the network that kind and CAPD use, so that nothing in it can send a packet off the machine: no masquerading and
 * nothing forwarded from its bridge to another interface. Published ports still work from this machine. Only for an engine that is
 * the lab's own; on any other, kind makes the network.
 */
export async function ensureIsolatedNetwork(docker: Docker, signal: AbortSignal): Promise<void> {
  const known = await docker(['network', 'ls', '--quiet', '--filter', `name=^${dockerNetwork}$`]);
  if (known === '') {
    const masquerade = 'com.docker.network.bridge.enable_ip_masquerade=false';
    const name = `com.docker.network.bridge.name=${bridge}`;
    await docker(['network', 'create', '--driver', 'bridge', '--opt', masquerade, '--opt', name, dockerNetwork]);
  }
  const iptables = async (action: '-C' | '-I') =>
    execa('iptables', ['-w', action, 'DOCKER-USER', ...isolation], { cancelSignal: signal, reject: action === '-I' });
  const { failed } = await iptables('-C');
  signal.throwIfAborted();
  if (failed) await iptables('-I');
}
