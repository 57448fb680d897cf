import { isFields, sameJson } from '../object.ts';
import type { ApiObject } from '../object.ts';
import type { Strategy } from './strategy.ts';

const GENERATION = 'deprecated.daemonset.template.generation';

/** A DaemonSet counts the changes of its template. */
export const daemonSet: Strategy = {
  prepare(_core, object, before) {
    const last = before?.metadata.annotations?.[GENERATION];
    const isChanged = before !== undefined && !sameJson(templateOf(before), templateOf(object));
    const count = last === undefined ? '1' : String(Number(last) + (isChanged ? 1 : 0));
    const annotations = { ...object.metadata.annotations, [GENERATION]: count };
    return { ...object, metadata: { ...object.metadata, annotations } };
  },
};

function templateOf({ spec }: ApiObject): unknown {
  return isFields(spec) ? spec['template'] : undefined;
}
