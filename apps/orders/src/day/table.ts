import type { Row } from './account.js';

const HEAD = ['write', 'by', 'answered', 'firing', 'execution', 'mail'];

/** What became of each write, aligned. */
export function tableOf(rows: readonly Row[]): string[] {
  const cells = rows.map(({ story: { what, by }, fate: { answered, firing, execution, mail } }) => {
    return [what, by, answered, firing, execution, mail];
  });
  const widths = HEAD.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)));
  return [HEAD, ...cells].map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  );
}

/** `median 4 ms, slowest 21 ms, of 24` */
export function latenciesOf(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (index: number): string => `${(sorted[index] ?? 0).toFixed(0)} ms`;
  return `median ${at(Math.floor(sorted.length / 2))}, slowest ${at(sorted.length - 1)}, of ${sorted.length}`;
}
