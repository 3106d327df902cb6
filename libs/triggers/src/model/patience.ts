import type { Clock, TimerHandle } from './clock.js';

/** Waits for work as long as patience lasts; says whether it was done by then. What it throws by then is thrown. */
export async function isDoneWithin(patienceMs: number, work: Promise<unknown>, clock: Clock): Promise<boolean> {
  let timer: TimerHandle | undefined;
  const late = new Promise<false>((resolve) => (timer = clock.setTimer(() => resolve(false), patienceMs)));
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    timer?.clear();
  }
}
