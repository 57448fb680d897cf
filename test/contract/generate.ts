import { writeFile } from 'node:fs/promises';
import { contractDocument } from './document.ts';
import { table } from './table.ts';

const path = 'docs/contract.md';
await writeFile(new URL(`../../${path}`, import.meta.url), contractDocument(table));
process.stdout.write(`${path}\n`);
