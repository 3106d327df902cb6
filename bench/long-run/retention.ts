import type { Duration, RetentionOptions } from 'nestjs-triggers';

const LONGEST_S = 240;
const SHORTEST_S = 20;

/**
 * So short that what is pruned balances what comes before the second half begins: a fifteenth of the run, at most four
 * minutes. Completed and failed go together: a pass of the pruner goes on where the last one ended, and looks at what it
 * left behind only once an hour.
 */
export function retentionFor(minutes: number): RetentionOptions {
  const kept: Duration = `${Math.round(Math.min(LONGEST_S, Math.max(SHORTEST_S, minutes * 4)))}s`;
  return { skips: kept, completed: kept, failed: kept };
}
