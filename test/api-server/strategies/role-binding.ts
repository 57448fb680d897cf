import { isFields, sameJson } from '../object.ts';
import type { Strategy } from './strategy.ts';

/** A binding is to one role for ever. */
export const roleBinding: Strategy = {
  errors(_core, object, before) {
    const roleRef = isFields(object['roleRef']) ? object['roleRef'] : {};
    if (before === undefined || sameJson(roleRef, before['roleRef'])) return [];
    const { apiGroup, kind, name } = roleRef;
    const value = JSON.stringify({ APIGroup: apiGroup, Kind: kind, Name: name });
    const message = `Invalid value: ${value}: cannot change roleRef`;
    return [{ field: 'roleRef', reason: 'FieldValueInvalid', message }];
  },
};
