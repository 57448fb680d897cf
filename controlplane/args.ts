/** One command-line argument; `value` is absent for a bare flag such as `--leader-elect`. */
export interface Argument {
  readonly flag: string;
  readonly value?: string;
}

/** Who wins when the system and the user set the same flag. */
export type Precedence = 'system' | 'user';

/**
 * Arguments in one order for the same input whatever the order of the sources, so that nothing rolls without a reason:
 * sorted by bytes, each flag once, the last of several.
 */
export function mergeArguments(
  system: Readonly<Record<string, string>>,
  user: readonly string[] | undefined,
  winner: Precedence,
  fixed: Readonly<Record<string, string>> = {},
): string[] {
  const own = Object.entries(system).map(([flag, value]) => ({ flag, value }));
  const ordered = winner === 'system' ? [...parseArguments(user), ...own] : [...own, ...parseArguments(user)];
  const all = [...ordered, ...Object.entries(fixed).map(([flag, value]) => ({ flag, value }))];
  const byFlag = new Map<string, Argument>(all.map((argument) => [argument.flag, argument]));
  return [...byFlag.values()].map(format).sort(byBytes);
}

/**
 * Arguments of a program that takes some flags several times: managed ones always win and the user's copies of them are
 * dropped; defaults hold where the user says nothing; what else the user says follows word for word, in the user's order,
 * with duplicates.
 */
export function layerArguments(
  layers: {
    readonly managed: readonly (readonly [flag: string, value: string])[];
    readonly defaults: readonly (readonly [flag: string, value: string])[];
  },
  user: readonly string[] | undefined,
): string[] {
  const wanted = parseArguments(user);
  const given = new Set(wanted.map(({ flag }) => flag));
  const managed = new Set(layers.managed.map(([flag]) => flag));
  const own = [...layers.defaults.filter(([flag]) => !given.has(flag) && !managed.has(flag)), ...layers.managed];
  // Stable: values of a repeated flag keep their order.
  const sorted = own.toSorted(([a], [b]) => byBytes(a, b)).map(([flag, value]) => format({ flag, value }));
  return [...sorted, ...wanted.filter(({ flag }) => !managed.has(flag)).map(format)];
}

/** The last value that the user gave to a flag; undefined when it was not given, empty for a bare flag. */
export function userValue(user: readonly string[] | undefined, flag: string): string | undefined {
  const last = parseArguments(user).findLast((argument) => argument.flag === flag);
  return last === undefined ? undefined : (last.value ?? '');
}

// pflag reads `--a_b` and `-a-b` is no flag of these programs: without this, another spelling would slip past the system's own.
function parseArguments(user: readonly string[] = []): readonly Argument[] {
  const result: Argument[] = [];
  for (const text of user) {
    const previous = result.at(-1);
    if (!text.startsWith('-') && previous !== undefined && previous.value === undefined) {
      result[result.length - 1] = { ...previous, value: text };
      continue;
    }
    const at = text.indexOf('=');
    const flag = (at < 0 ? text : text.slice(0, at)).replaceAll('_', '-');
    result.push(at < 0 ? { flag } : { flag, value: text.slice(at + 1) });
  }
  return result;
}

function format({ flag, value }: Argument): string {
  return value === undefined ? flag : `${flag}=${value}`;
}

// Not by locale: the order must be the same on every machine.
function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
