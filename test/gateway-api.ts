import { join } from 'node:path';
import { moduleSource } from '#lab/binaries/go-module.ts';
import type { ControlPlane } from './control-plane.ts';

const module = 'sigs.k8s.io/gateway-api';
const recipe = { name: 'gateway-api', version: '1.5.1', require: { [module]: 'v1.5.1' }, packages: {} };

/** Installs the Gateway API's own definitions of Gateway and TLSRoute; resolves when the API server serves them. */
export async function installGatewayApi(controlPlane: ControlPlane, signal: AbortSignal): Promise<void> {
  const report = (text: string): void => void process.stderr.write(`${text}\n`);
  const directory = join(await moduleSource(recipe, module, { signal, report }), 'config/crd/standard');
  const files = ['gateways', 'tlsroutes'].flatMap((plural) => [
    '-f',
    join(directory, `gateway.networking.k8s.io_${plural}.yaml`),
  ]);
  await controlPlane.kubectl(['apply', '--server-side', ...files]);
  await controlPlane.kubectl(['wait', '--for=condition=Established', '--timeout=60s', ...files]);
}
