import type * as fc from 'fast-check';

const times = Math.max(1, Number(process.env['FC_RUNS'] ?? 1));
const seed = process.env['FC_SEED'];

/** After which a property stops, also on its way to a smaller counterexample, and tells its seed and what it has found. */
const INTERRUPT_MS = 90_000 * times;

/** Longer than a property takes: a test that times out would not tell its seed. */
export const PROPERTY_TIMEOUT_MS = INTERRUPT_MS + 30_000;

/**
 * How often a property is tried: `base` times in CI, `FC_RUNS` times as often where that is set. `FC_SEED` repeats what a
 * failure printed.
 */
export function runs(
  base: number,
): Pick<fc.Parameters<unknown>, 'numRuns' | 'seed' | 'interruptAfterTimeLimit' | 'markInterruptAsFailure'> {
  return {
    numRuns: Math.ceil(base * times),
    interruptAfterTimeLimit: INTERRUPT_MS,
    markInterruptAsFailure: true,
    ...(seed !== undefined && { seed: Number(seed) }),
  };
}
