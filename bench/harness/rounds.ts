import type { Figure } from './bench.js';
import { median } from './statistics.js';

/** What one contender measured in one round: values by the name of the figure. */
export type Sample = Readonly<Record<string, number>>;

/** Does the work once; its first call warms it up and does not count. */
export type Contender = () => Promise<Sample>;

type Names<C> = Extract<keyof C, string>;

/**
 * Runs contenders in turns, A B A B …, after one turn of warming up, so that what else the machine does meets all of
 * them alike.
 */
export async function interleave<C extends Record<string, Contender>>(
  rounds: number,
  contenders: C,
): Promise<Record<Names<C>, Sample[]>> {
  const names = Object.keys(contenders) as Names<C>[];
  const samples = Object.fromEntries(names.map((name) => [name, [] as Sample[]])) as Record<Names<C>, Sample[]>;
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const sample = await contenders[name]!();
      if (round > 0) samples[name].push(sample);
    }
  }
  return samples;
}

/** One figure out of the samples of a contender. */
export function figure(samples: readonly Sample[], key: string, name: string, unit: string): Figure {
  const rounds = samples.map((sample) => sample[key] ?? NaN);
  return { name, unit, rounds, median: median(rounds) };
}
