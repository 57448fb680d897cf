import { immutableContent } from './immutable-content.ts';
import type { Strategy } from './strategy.ts';

export const configMap: Strategy = {
  errors: (_core, object, before) => immutableContent(object, before, ['data', 'binaryData']),
};
