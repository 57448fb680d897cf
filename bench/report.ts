import { table } from '#lab/table.ts';
import type { Change } from './baseline.ts';
import type { Figure } from './figure.ts';
import type { Outcome } from './outcome.ts';

/** An outcome as a table: a line for each figure and each rival or limit that it is held against. */
export function figuresTable(outcome: Outcome): string {
  const head = ['figure', 'unit', 'n', 'median', 'min to max', 'held against', 'its median', 'times better'];
  const rows = outcome.figures.flatMap((figure) => {
    const { n, min, median, max } = figure.value;
    const own = [figure.name, figure.unit, String(n), short(median), `${short(min)} to ${short(max)}`];
    return heldAgainst(figure).map((other, row) => [...own.map((cell) => (row === 0 ? cell : '')), ...other]);
  });
  return [heading(outcome), table(head, rows), ...notes(outcome.figures)].join('\n');
}

/** An outcome beside the accepted one. */
export function changesTable(outcome: Outcome, accepted: Outcome | undefined, changes: readonly Change[]): string {
  const head = ['figure', 'unit', 'accepted', 'now', 'times better', 'verdict', 'change of its lead over'];
  const rows = changes.map(({ figure, accepted: before, timesBetter: ratio, verdict, leads }) => [
    figure.name,
    figure.unit,
    before === undefined ? '-' : short(before.value.median),
    short(figure.value.median),
    ratio === undefined ? '-' : short(ratio),
    verdict,
    leads.map((lead) => `${lead.name} ${short(lead.timesBetter)}`).join(', '),
  ]);
  const since = accepted === undefined ? 'nothing accepted yet' : `accepted ${accepted.date.slice(0, 10)}`;
  return [`${outcome.suite} against the baseline: ${since}`, table(head, rows)].join('\n');
}

/** Name, median and ratio of each rival and limit of a figure; dashes when there are none. */
export function heldAgainst({ against }: Figure): readonly (readonly string[])[] {
  if (against.length === 0) return [['-', '-', '-']];
  return against.map(({ kind, name, value, timesBetter: ratio }) => [
    kind === 'limit' ? `limit: ${name}` : name,
    short(value.median),
    ratio === null ? '-' : `${short(ratio.median)} (${short(ratio.min)} to ${short(ratio.max)})`,
  ]);
}

/** Under which conditions a suite ran, but for the date. */
export function conditionsLine({ versions, machine }: Outcome): string {
  const { cpu, cores, memoryGiB, loadBefore, loadAfter } = machine;
  const software = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const load = `load average ${short(loadBefore)} before, ${short(loadAfter)} after`;
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${load}; ${software.join(', ')}`;
}

function heading(outcome: Outcome): string {
  const { suite, description, quick } = outcome;
  const warning = quick ? ' (quick: sizes too small to conclude from)' : '';
  return `${suite}: ${description}${warning}\n${conditionsLine(outcome)}`;
}

function notes(figures: readonly Figure[]): readonly string[] {
  return figures.flatMap(({ name, note }) => (note === undefined ? [] : [`${name}: ${note}`]));
}

/** Three significant digits, thousands apart. */
export function short(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 3 });
}
