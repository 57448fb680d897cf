/** Where two values differ, as `path: one | other`, at most so many. */
export function differences(one: unknown, other: unknown, limit = 25): readonly string[] {
  const found: string[] = [];
  compare(one, other, '', found);
  return found.length > limit ? [...found.slice(0, limit), `and ${found.length - limit} more`] : found;
}

function compare(one: unknown, other: unknown, path: string, found: string[]): void {
  if (isObject(one) && isObject(other)) {
    for (const name of new Set([...Object.keys(one), ...Object.keys(other)])) {
      compare(one[name], other[name], path === '' ? name : `${path} › ${name}`, found);
    }
  } else if (JSON.stringify(one) !== JSON.stringify(other)) {
    found.push(`${path}: ${shown(one)} | ${shown(other)}`);
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
