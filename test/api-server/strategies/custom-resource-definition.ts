import { at, listAt, textAt, withValue } from '../object.ts';
import type { ApiObject } from '../object.ts';
import type { Strategy } from './strategy.ts';

/** What the real server does a moment after the write is done with it: the kinds are served at once. */
export const customResourceDefinition: Strategy = {
  prepare(core, object, before) {
    const named = withDefaults(object);
    if (before !== undefined) return { ...named, status: before['status'] };
    const condition = (type: string, reason: string, message: string): object => ({
      type,
      status: 'True',
      reason,
      message,
      lastTransitionTime: core.now(),
    });
    const stored = listAt(named, 'spec', 'versions').filter((version) => at(version, 'storage') === true);
    return {
      ...named,
      status: {
        conditions: [
          condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
          condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
        ],
        acceptedNames: at(named, 'spec', 'names'),
        storedVersions: stored.map((version) => textAt(version, 'name')),
      },
    };
  },
};

function withDefaults(object: ApiObject): ApiObject {
  const kind = textAt(object, 'spec', 'names', 'kind') ?? '';
  const singular = textAt(object, 'spec', 'names', 'singular') || kind.toLowerCase();
  const listKind = textAt(object, 'spec', 'names', 'listKind') || `${kind}List`;
  const named = withValue(
    withValue(object, ['spec', 'names', 'singular'], singular),
    ['spec', 'names', 'listKind'],
    listKind,
  );
  return withValue(named, ['spec', 'conversion'], at(named, 'spec', 'conversion') ?? { strategy: 'None' });
}
