import type { Clock, TimerHandle } from '../../../model/clock.js';

/** A graceful end waits for Redis for so long: BullMQ waits for ever for one that is away. */
const PATIENCE_MS = 1_000;

/** Resolves when the work is done, has failed, or takes too long. */
export async function withPatience(clock: Clock, work: Promise<unknown>): Promise<void> {
  let timer: TimerHandle | undefined;
  const late = new Promise<void>((resolve) => (timer = clock.setTimer(resolve, PATIENCE_MS)));
  await Promise.race([work.catch(() => undefined), late]);
  timer?.clear();
}
