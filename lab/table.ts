import Table from 'cli-table3';

/** A plain table, one line per row. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const view = new Table({ head: [...head], style: { head: [], border: [], compact: true } });
  for (const row of rows) view.push([...row]);
  return view.toString();
}
