import type { Strategy } from './strategy.ts';

export const service: Strategy = {};
