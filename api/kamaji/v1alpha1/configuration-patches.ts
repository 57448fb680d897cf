import { enumeration, json, list, object, optional, string } from '../../schema/schema.ts';

/** A JSON patch of the configuration file of a component. */
export function configurationJSONPatches(document: string) {
  return list(
    `JSON patch (RFC 6902) of the ${document}.`,
    object('One operation.', {
      op: enumeration('What to do.', ['add', 'remove', 'replace', 'move', 'copy', 'test']),
      path: string('Where to do it, such as /maxPods.'),
      from: optional(string('Source of a move or a copy.')),
      value: optional(json('Value of an add, a replace or a test.')),
    }),
  );
}
