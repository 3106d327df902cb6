import type * as fc from 'fast-check';

const times = Math.max(1, Number(process.env['FC_RUNS'] ?? 1));
const seed = process.env['FC_SEED'];

/** Longer than a property takes to find its smallest counterexample: a test that times out would not tell its seed. */
export const PROPERTY_TIMEOUT_MS = 120_000 * times;

/**
 * How often a property is tried: `base` times in CI, `FC_RUNS` times as often where that is set. `FC_SEED` repeats what a
 * failure printed.
 */
export function runs(base: number): Pick<fc.Parameters<unknown>, 'numRuns' | 'seed'> {
  return { numRuns: Math.ceil(base * times), ...(seed !== undefined && { seed: Number(seed) }) };
}
