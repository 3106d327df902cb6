import type { Row } from './account.js';
import type { Fate } from './story.js';

const HEAD = ['event', 'its sender was answered', 'firing', 'execution', 'attempts', 'went to', 'alerts'];

/** What became of each event, aligned. */
export function tableOf(rows: readonly Row[]): string[] {
  const cells = rows.map(({ story, fate }) => [
    story.what,
    fate.answered,
    fate.firing,
    fate.execution,
    attemptsOf(fate),
    fate.wentTo,
    fate.alerts === 0 ? '–' : String(fate.alerts),
  ]);
  const widths = HEAD.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)));
  return [HEAD, ...cells].map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  );
}

/** `–`, `2`, `1, rescued` */
function attemptsOf({ attempts, rescues }: Fate): string {
  if (attempts === 0) return '–';
  return rescues === 0 ? String(attempts) : `${attempts}, rescued`;
}

/** `median 4 ms, slowest 21 ms, of 24` */
export function latenciesOf(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (index: number): string => `${(sorted[index] ?? 0).toFixed(0)} ms`;
  return `median ${at(Math.floor(sorted.length / 2))}, slowest ${at(sorted.length - 1)}, of ${sorted.length}`;
}
