import { writeFile } from 'node:fs/promises';
import { defectsDocument } from './document.ts';
import { table } from './table.ts';

const path = 'docs/upstream-defects.md';
await writeFile(new URL(`../../${path}`, import.meta.url), defectsDocument(table));
process.stdout.write(`${path}\n`);
