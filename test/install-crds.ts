import { fileURLToPath } from 'node:url';
import type { ControlPlane } from './control-plane.ts';

/** Installs the checked-in CustomResourceDefinitions; resolves when the API server serves them. */
export async function installCrds(controlPlane: ControlPlane): Promise<void> {
  const directory = fileURLToPath(new URL('../config/crd', import.meta.url));
  await controlPlane.kubectl(['apply', '--server-side', '-f', directory]);
  await controlPlane.kubectl(['wait', '--for=condition=Established', '--timeout=60s', '-f', directory]);
}
