import { at, isFields, textAt } from '../object.ts';
import type { Fields } from '../object.ts';
import type { Strategy } from './strategy.ts';

/** A CustomResourceDefinition's names and conversion are completed. */
export const customResourceDefinition: Strategy = {
  prepare(_core, object, before) {
    const spec = isFields(object['spec']) ? object['spec'] : {};
    const names = { ...(isFields(spec['names']) ? spec['names'] : {}) };
    const kind = textAt(names, 'kind') ?? '';
    const completed: Fields = {
      ...names,
      singular: textAt(names, 'singular') || kind.toLowerCase(),
      listKind: textAt(names, 'listKind') || `${kind}List`,
    };
    const conversion = spec['conversion'] ?? { strategy: 'None' };
    const prepared = { ...object, spec: { ...spec, names: completed, conversion } };
    if (before !== undefined) return prepared;
    const stored = (Array.isArray(spec['versions']) ? spec['versions'] : [])
      .filter((version) => at(version, 'storage') === true)
      .map((version) => textAt(version, 'name'));
    return {
      ...prepared,
      status: { conditions: null, acceptedNames: { plural: '', kind: '' }, storedVersions: stored },
    };
  },
};
