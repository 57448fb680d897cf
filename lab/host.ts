import { access, readFile } from 'node:fs/promises';

/** What of this machine the lab must adapt to. */
export interface Host {
  /** Version of the cgroup hierarchy that containers get. kubelet 1.35 refuses 1 unless told otherwise. */
  readonly cgroupVersion: 1 | 2;
  /** Whether CAP_SYS_RESOURCE can be had; without it no privileged container starts on an unchanged runc. */
  readonly sysResource: boolean;
  /** Whether systemd is the init system, so that services are its to start. */
  readonly systemd: boolean;
  readonly root: boolean;
}

/** Looks at the machine this process runs on. Of another system than Linux only Docker's virtual machine matters. */
export async function detectHost(): Promise<Host> {
  if (process.platform !== 'linux') return { cgroupVersion: 2, sysResource: true, systemd: false, root: false };
  const unified = await exists('/sys/fs/cgroup/cgroup.controllers');
  return Object.freeze({
    cgroupVersion: unified ? 2 : 1,
    sysResource: hasCapability(await readFile('/proc/self/status', 'utf8'), capSysResource),
    systemd: await exists('/run/systemd/system'),
    root: process.getuid?.() === 0,
  });
}

/** Bit numbers as in Linux's `include/uapi/linux/capability.h`. */
export const capSysResource = 24;

/**
 * Whether the capability is in the bounding set, which limits what any child can get.
 *
 * @param status content of `/proc/<pid>/status`
 */
export function hasCapability(status: string, bit: number): boolean {
  const [, hexadecimal = '0'] = /^CapBnd:\s*([0-9a-f]+)$/m.exec(status) ?? [];
  return ((BigInt(`0x${hexadecimal}`) >> BigInt(bit)) & 1n) === 1n;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
