/** Rows of cells as lines, each column as wide as its widest cell. */
export function alignedRows(rows: readonly (readonly string[])[]): string[] {
  const [head = []] = rows;
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd());
}

/** `median 4 ms, slowest 21 ms, of 24` */
export function latenciesOf(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (index: number): string => `${(sorted[index] ?? 0).toFixed(0)} ms`;
  return `median ${at(Math.floor(sorted.length / 2))}, slowest ${at(sorted.length - 1)}, of ${sorted.length}`;
}

/** How often each stands there, in the order in which they came first. */
export function tally(words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}
