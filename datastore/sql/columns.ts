import type { Row } from './server.ts';

/** The text in a column. Throws TypeError where there is none: the statement was not what the caller thought. */
export function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value === 'string') return value;
  throw new TypeError(`the column ${column} holds no text`);
}

/** The text in a column that may be NULL. */
export function optionalText(row: Row, column: string): string | undefined {
  return isNull(row, column) ? undefined : text(row, column);
}

/** The number in a column; both libraries give large ones as text. */
export function number(row: Row, column: string): number {
  const value = row[column];
  const found = typeof value === 'string' && value !== '' ? Number(value) : value;
  if (typeof found === 'number' && !Number.isNaN(found)) return found;
  throw new TypeError(`the column ${column} holds no number`);
}

/** The truth in a column, which MySQL tells as 0 or 1. */
export function flag(row: Row, column: string): boolean {
  const value = row[column];
  return typeof value === 'boolean' ? value : number(row, column) !== 0;
}

function isNull(row: Row, column: string): boolean {
  return row[column] === null || row[column] === undefined;
}
