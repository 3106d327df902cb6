import type { Clock } from '../model/clock.js';
import { isDoneWithin } from '../model/patience.js';

/** A graceful end waits for Redis for so long: BullMQ waits for ever for one that is away. */
const PATIENCE_MS = 1_000;

/** Resolves when the work is done, has failed, or takes too long. */
export async function withPatience(clock: Clock, work: Promise<unknown>): Promise<void> {
  await isDoneWithin(PATIENCE_MS, work, clock).catch(() => undefined);
}
