import { readFile, writeFile } from 'node:fs/promises';
import type { Baseline } from './baseline.ts';
import { growingSeries } from './growth.ts';
import { growthPicture } from './growth-picture.ts';
import type { Outcome } from './outcome.ts';
import { conditionsLine, heldAgainst, short } from './report.ts';

const docs = new URL('../docs/', import.meta.url);
const begin = '<!-- accepted figures: written by `npm run bench -- --accept` -->';
const end = '<!-- end of the accepted figures -->';

/** Puts the accepted figures into docs/performance.md, in place of those that stand there, and their pictures beside it. */
export async function documentFigures(baseline: Baseline): Promise<void> {
  const path = new URL('performance.md', docs);
  await writeFile(path, withFigures(await readFile(path, 'utf8'), baseline));
  for (const outcome of Object.values(baseline)) {
    const series = growingSeries(outcome.figures);
    if (series.length > 0) await writeFile(new URL(pictureName(outcome), docs), growthPicture(series));
  }
}

/** A document with the accepted figures in their place. */
export function withFigures(text: string, baseline: Baseline): string {
  const [before, rest] = text.split(begin);
  const [, after] = rest?.split(end) ?? [];
  if (after === undefined) throw new TypeError('docs/performance.md has no place for the accepted figures');
  const sections = Object.values(baseline).map(section);
  return `${before}${begin}\n\n${sections.join('\n')}\n${end}${after}`;
}

function pictureName({ suite }: Outcome): string {
  return `growth-${suite}.svg`;
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
    ...(growingSeries(outcome.figures).length === 0
      ? []
      : [`![Each cost against the number of tenants, with its budget](${pictureName(outcome)})\n`]),
    '| figure | median | range | held against | its median | times better (range) |',
    '|---|---|---|---|---|---|',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
    '',
    ...(notes.length === 0 ? [] : [...notes, '']),
  ].join('\n');
}
