import { at, isFields, sameJson } from '../object.ts';
import type { ApiObject, Fields } from '../object.ts';
import type { FieldError } from '../status.ts';
import type { Strategy } from './strategy.ts';

/** Deployments and ReplicaSets: a selector for ever, which selects the pods of the template. */
export const workload: Strategy = {
  errors: (_core, object, before) => [...changedSelector(object, before), ...unselected(object)],
};

const changeable = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
];

/** StatefulSets: little of them can be changed. */
export const statefulSet: Strategy = {
  errors(_core, object, before) {
    if (before === undefined || sameJson(fixedPart(object), fixedPart(before))) return unselected(object);
    const list = changeable.map((name) => `'${name}'`).join(', ');
    const names = list.replace(/, (?='minReadySeconds)/, ' and ');
    const message = `Forbidden: updates to statefulset spec for fields other than ${names} are forbidden`;
    return [{ field: 'spec', reason: 'FieldValueForbidden', message }];
  },
};

function fixedPart(object: ApiObject): Fields {
  const spec = isFields(object['spec']) ? object['spec'] : {};
  return Object.fromEntries(Object.entries(spec).filter(([name]) => !changeable.includes(name)));
}

function changedSelector(object: ApiObject, before: ApiObject | undefined): readonly FieldError[] {
  const selector = at(object, 'spec', 'selector');
  if (before === undefined || sameJson(selector, at(before, 'spec', 'selector'))) return [];
  const message = `Invalid value: ${JSON.stringify(selector)}: field is immutable`;
  return [{ field: 'spec.selector', reason: 'FieldValueInvalid', message }];
}

function unselected(object: ApiObject): readonly FieldError[] {
  const wanted = at(object, 'spec', 'selector', 'matchLabels');
  const labels = at(object, 'spec', 'template', 'metadata', 'labels');
  if (!isFields(wanted) || Object.entries(wanted).every(([name, value]) => at(labels, name) === value)) return [];
  const message = `Invalid value: ${JSON.stringify(labels ?? null)}: \`selector\` does not match template \`labels\``;
  return [{ field: 'spec.template.metadata.labels', reason: 'FieldValueInvalid', message }];
}
