import type { Machine } from './machine.js';

/** One program of this folder. */
export interface Bench {
  readonly name: string;
  /** What is done and measured, in a line. */
  readonly work: string;
  run(machine: Machine): Promise<BenchResult>;
}

/** One line of the table: a figure of every round; what counts is the median. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly rounds: readonly number[];
  readonly median: number;
}

/** What a bench found. */
export interface BenchResult {
  readonly bench: string;
  readonly figures: readonly Figure[];
  /** Ours against the baseline of the same run; `null` without a baseline. */
  readonly ratio: number | null;
  readonly target: string;
  /** `null`: nothing to compare with. */
  readonly met: boolean | null;
  /** What a reader of the figures must know. */
  readonly notes: readonly string[];
}
