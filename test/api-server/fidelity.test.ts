import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Behaviour } from './fidelity/behaviour.ts';
import { applying } from './fidelity/applying.ts';
import { creating } from './fidelity/creating.ts';
import { customResources } from './fidelity/custom-resources.ts';
import { deleting } from './fidelity/deleting.ts';
import { garbage } from './fidelity/garbage.ts';
import { listing } from './fidelity/listing.ts';
import { namespaceBehaviours } from './fidelity/namespace-behaviours.ts';
import { normalised } from './fidelity/normalise.ts';
import { otherKinds } from './fidelity/other-kinds.ts';
import { projectObjects } from './fidelity/project-objects.ts';
import { secretBehaviours } from './fidelity/secret-behaviours.ts';
import { fakeServer, realServer } from './fidelity/servers.ts';
import { Session } from './fidelity/session.ts';
import type { Server } from './fidelity/session.ts';
import { serviceBehaviours } from './fidelity/service-behaviours.ts';
import { statuses } from './fidelity/statuses.ts';
import { updating } from './fidelity/updating.ts';
import { watching } from './fidelity/watching.ts';
import { namespaces } from '#runtime/client/builtin.ts';

const areas: Readonly<Record<string, readonly Behaviour[]>> = {
  creating,
  updating,
  statuses,
  listing,
  watching,
  deleting,
  garbage,
  namespaces: namespaceBehaviours,
  applying,
  'custom-resources': customResources,
  services: serviceBehaviours,
  secrets: secretBehaviours,
  'other-kinds': otherKinds,
  'project-objects': projectObjects,
};

suite('the fake API server answers as kube-apiserver does', () => {
  let real: Server;
  let fakes: readonly Server[];
  before(async () => {
    [real, ...fakes] = await Promise.all([realServer(), fakeServer('in process'), fakeServer('over HTTP')]);
  });
  after(() => Promise.all([real, ...fakes].map((server) => server.close())));

  for (const [area, behaviours] of Object.entries(areas)) {
    suite(area, () => {
      for (const [index, behaviour] of behaviours.entries()) {
        test(behaviour.title, async () => {
          const namespace = `${area}-${index}`;
          const [expected, ...actual] = await Promise.all(
            [real, ...fakes].map((server) => transcriptOf(behaviour, server, namespace)),
          );
          for (const [position, transcript] of actual.entries()) {
            assert.deepEqual(transcript, expected, `${fakes[position]?.name} differs from ${real.name}`);
          }
        });
      }
    });
  }
});

async function transcriptOf(behaviour: Behaviour, server: Server, namespace: string): Promise<readonly unknown[]> {
  const session = new Session(server, namespace);
  await session.quietly(() => session.create(namespaces, { metadata: { name: namespace } }));
  await behaviour.run(session);
  assert.ok(session.transcript.length > 0, 'a behaviour that asks nothing shows nothing');
  return normalised(session.transcript, namespace);
}
