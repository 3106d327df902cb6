import type { Verdict } from './judge.js';

const HEAD = ['curve', 'median', 'drift', 'allowed', 'unit', ''];

/** Prints one line a curve. All figures are of the second half of the run. */
export function printVerdicts(verdicts: readonly Verdict[]): void {
  const rows = [HEAD, ...verdicts.filter(({ median }) => Number.isFinite(median)).map(row)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((cells) => cells[column]!.length)));
  for (const cells of rows) {
    const padded = cells.map((cell, column) =>
      column >= 1 && column <= 3 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
    );
    console.log(`  ${padded.join('  ')}`.trimEnd());
  }
}

function row({ series, median, drift, allowed, flat }: Verdict): string[] {
  const verdict = flat === null ? (allowed === null ? '' : 'not judged: too short') : flat ? 'flat' : 'RISES';
  const allowance = allowed === null ? '' : figure(allowed);
  return [series.name, figure(median), `${drift > 0 ? '+' : ''}${figure(drift)}`, allowance, series.unit, verdict];
}

function figure(value: number): string {
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en');
  return value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
}
