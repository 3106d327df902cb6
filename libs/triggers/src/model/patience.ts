import type { Clock } from './clock.js';

/**
 * What work gives, or what `late` gives when patience is over before; then nobody waits for it any more, and what it does is
 * its own affair. What it throws by then is thrown.
 */
export function orLate<T, L>(
  work: Promise<T>,
  patienceMs: number,
  late: () => L | Promise<L>,
  clock: Clock,
): Promise<T | L> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(() => resolve(late()), patienceMs);
    work.then(
      (done) => {
        timer.clear();
        resolve(done);
      },
      (error: Error) => {
        timer.clear();
        reject(error);
      },
    );
  });
}

/** Waits for work as long as patience lasts; says whether it was done by then. What it throws by then is thrown. */
export async function isDoneWithin(patienceMs: number, work: Promise<unknown>, clock: Clock): Promise<boolean> {
  const late = Symbol();
  return (await orLate(work, patienceMs, () => late, clock)) !== late;
}
