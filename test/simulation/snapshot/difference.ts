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
    const [left, right] = [textOf(one), textOf(other)];
    const from = Math.max(0, firstDifference(left, right) - 60);
    found.push(`${path}: ${window(left, from)} | ${window(right, from)}`);
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function textOf(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

function firstDifference(one: string, other: string): number {
  let index = 0;
  while (index < one.length && one[index] === other[index]) index += 1;
  return index;
}

function window(text: string, from: number): string {
  const shown = text.slice(from, from + 200);
  return `${from === 0 ? '' : '…'}${shown}${from + 200 < text.length ? '…' : ''}`;
}
