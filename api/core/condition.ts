import { enumeration, integer, mapList, object, optional, string } from '../schema/schema.ts';

/** The `conditions` list of every status (Kubernetes: metav1.Condition, keyed by type). */
export const conditions = mapList(
  "Observations of the object's state, one per type.",
  object('One observation.', {
    type: string('What is observed.', { maxLength: 316 }),
    status: enumeration('Whether it holds.', ['True', 'False', 'Unknown']),
    observedGeneration: optional(
      integer('Generation of the spec that was looked at.', { format: 'int64', minimum: 0 }),
    ),
    lastTransitionTime: string('When the status last changed.', { format: 'date-time' }),
    reason: string('One word for the cause.', { minLength: 1, maxLength: 1024 }),
    message: string('What is so, and what to do about it.', { maxLength: 32768 }),
  }),
  ['type'],
);

/** The `observedGeneration` field of every status. */
export const observedGeneration = integer('Generation of the spec that this status describes.', { format: 'int64' });
