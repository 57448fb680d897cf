import { readFile, writeFile } from 'node:fs/promises';
import type { Baseline } from './baseline.ts';
import type { Outcome } from './outcome.ts';
import { conditionsLine, heldAgainst, short } from './report.ts';

const path = new URL('../docs/performance.md', import.meta.url);
const begin = '<!-- accepted figures: written by `npm run bench -- --accept` -->';
const end = '<!-- end of the accepted figures -->';

/** Puts the accepted figures into docs/performance.md, in place of those that stand there. */
export async function documentFigures(baseline: Baseline): Promise<void> {
  const text = await readFile(path, 'utf8');
  const [before, rest] = text.split(begin);
  const [, after] = rest?.split(end) ?? [];
  if (after === undefined) throw new TypeError('docs/performance.md has no place for the accepted figures');
  const sections = Object.values(baseline).map(section);
  await writeFile(path, `${before}${begin}\n\n${sections.join('\n')}\n${end}${after}`);
}

function section(outcome: Outcome): string {
  const rows = outcome.figures.flatMap((figure) => {
    const { n, min, median, max } = figure.value;
    const own = [figure.name, `**${short(median)} ${figure.unit}**`, `${short(min)} to ${short(max)}, n = ${n}`];
    return heldAgainst(figure).map((other, row) => [...(row === 0 ? own : ['', '', '']), ...other]);
  });
  const notes = outcome.figures.flatMap(({ name, note }) => (note === undefined ? [] : [`- ${name}: ${note}.`]));
  return [
    `### ${outcome.suite}: ${outcome.description}\n`,
    `${outcome.date.slice(0, 10)}, ${conditionsLine(outcome)}\n`,
    '| figure | median | range | held against | its median | times better (range) |',
    '|---|---|---|---|---|---|',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
    '',
    ...(notes.length === 0 ? [] : [...notes, '']),
  ].join('\n');
}
