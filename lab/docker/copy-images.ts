import { execa } from 'execa';

/**
 * Copies images of the engine into the containerd of a running node container, unpacked and under Kubernetes' namespace.
 *
 * @param images references as the engine knows them
 */
export async function copyImages(images: readonly string[], container: string, signal: AbortSignal): Promise<void> {
  // Gigabytes may pass through here: nothing of it is kept.
  const options = { cancelSignal: signal, buffer: { stdout: false, stderr: true } } as const;
  const load = ['exec', '-i', container, 'ctr', '--namespace', 'k8s.io', 'images', 'import', '-'];
  await execa('docker', ['save', ...images], options).pipe('docker', load, options);
}
