import type { BenchResult, Figure } from './bench.js';
import type { BenchOptions } from './options.js';

/** Prints one result: a table for people, or one line of JSON. */
export function printResult(result: BenchResult, { store, transport, json }: BenchOptions): void {
  if (json) {
    const { bench, ...found } = result;
    console.log(JSON.stringify({ bench, store, transport, ...found }));
    return;
  }
  const rows = [['figure', 'median', 'unit', 'rounds'], ...result.figures.map(row)];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((cells) => cells[column]!.length)));
  for (const [name, middle, unit, rounds] of rows) {
    console.log(
      `  ${name!.padEnd(widths[0]!)}  ${middle!.padStart(widths[1]!)} ${unit!.padEnd(widths[2]!)}  ${rounds}`,
    );
  }
  const ratio = result.ratio === null ? 'none' : result.ratio.toFixed(2);
  console.log(`  ratio ${ratio} · target ${result.target} · ${verdict(result.met)}`);
  for (const note of result.notes) console.log(`  note: ${note}`);
}

function row({ name, median, unit, rounds }: Figure): string[] {
  return [name, rounded(median), unit, rounds.map(rounded).join(' ')];
}

function rounded(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

function verdict(met: boolean | null): string {
  if (met === null) return 'not compared';
  return met ? 'met' : 'NOT MET';
}
