import { stringify } from 'yaml';

/**
 * YAML text of plain JSON data: the same data always gives the same text, and every string stays a string for YAML 1.1
 * readers too, which Kubernetes' own is (`yes`, `on`, `0640` are quoted). No anchors, no folded lines.
 */
export function toYaml(data: object): string {
  return stringify(data, { version: '1.1', lineWidth: 0, blockQuote: 'literal', aliasDuplicateObjects: false });
}
