import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { BinaryName } from '#lab/binaries/ensure-binaries.ts';

/**
 * Paths of real Kubernetes binaries for tests. `KUBEBUILDER_ASSETS`, a directory that holds ready ones (the convention
 * of controller-runtime's envtest), goes before the lab's cache, where a missing binary is downloaded or built.
 */
export async function testBinaries<Name extends BinaryName>(
  names: readonly Name[],
  signal: AbortSignal,
  report = (text: string): void => void process.stderr.write(`${text}\n`),
): Promise<Readonly<Record<Name, string>>> {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  const ready = new Map<Name, string>();
  if (assets !== undefined) {
    for (const name of names) {
      const path = join(assets, name);
      if (await isExecutable(path)) ready.set(name, path);
    }
  }
  const missing = names.filter((name) => !ready.has(name));
  // Only loaded where needed: most machines that set the variable have everything, and the import costs start-up time.
  const { ensureBinaries } = await import('#lab/binaries/ensure-binaries.ts');
  const made = await ensureBinaries(missing, { signal, report });
  return { ...made, ...Object.fromEntries(ready) };
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
