import { writeFile } from 'node:fs/promises';
import { fieldsDocument } from './document.ts';
import { table } from './table.ts';

const path = 'docs/fields.md';
await writeFile(new URL(`../../${path}`, import.meta.url), fieldsDocument(table));
process.stdout.write(`${path}\n`);
