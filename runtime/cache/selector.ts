import type { KubeObject } from '../client/resource.ts';

type Match = (object: KubeObject) => boolean;

/** Which objects a selection covers, decided here as the server decides it (Kubernetes: labels and selectors). */
export function selectionMatcher(selection: {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}): Match {
  const { namespace } = selection;
  const matches: Match[] = [
    ...(namespace === undefined ? [] : [(object: KubeObject) => object.metadata?.namespace === namespace]),
    ...requirements(selection.labelSelector).map(labelRequirement),
    ...requirements(selection.fieldSelector).map(fieldRequirement),
  ];
  return (object) => matches.every((match) => match(object));
}

// Commas separate requirements, but not inside the parentheses of a set.
function requirements(selector: string | undefined): readonly string[] {
  return (selector ?? '')
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function labelRequirement(requirement: string): Match {
  const set = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(requirement);
  if (set !== null) {
    const [, key = '', operator, list = ''] = set;
    const values = list.split(',').map((value) => value.trim());
    return (object) => values.includes(label(object, key) ?? '\n') === (operator === 'in');
  }
  const equality = /^([^!=\s]+)\s*(==|=|!=)\s*(\S*)$/.exec(requirement);
  if (equality !== null) {
    const [, key = '', operator, value = ''] = equality;
    return (object) => (label(object, key) === value) === (operator !== '!=');
  }
  if (requirement.startsWith('!')) return (object) => label(object, requirement.slice(1).trim()) === undefined;
  return (object) => label(object, requirement) !== undefined;
}

function fieldRequirement(requirement: string): Match {
  const [, field = '', operator, value = ''] = /^([^!=\s]+)\s*(==|=|!=)\s*(\S*)$/.exec(requirement) ?? [];
  switch (field) {
    case 'metadata.name':
      return (object) => (object.metadata?.name === value) === (operator !== '!=');
    case 'metadata.namespace':
      return (object) => (object.metadata?.namespace === value) === (operator !== '!=');
    default:
      return () => false;
  }
}

function label(object: KubeObject, key: string): string | undefined {
  return object.metadata?.labels?.[key];
}
