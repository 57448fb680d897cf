import { writeFile } from 'node:fs/promises';
import { startControlPlane } from '../../control-plane.ts';
import { builtinKindsFile } from './builtin-kinds.ts';
import { publishedDefinitions } from './published-kinds.ts';

// To be run after a change of the Kubernetes version: `node test/api-server/schema/record-builtin-kinds.ts`.
await using controlPlane = await startControlPlane();
const definitions = await publishedDefinitions(controlPlane.client);
await writeFile(builtinKindsFile, definitions.map((definition) => `${JSON.stringify(definition)}\n`).join(''));
