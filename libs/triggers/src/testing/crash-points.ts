import type { INestApplicationContext } from '@nestjs/common';
import type { CrashPoint } from './crash-point.js';
import { whenReached } from './crash-point.wraps.js';

/** Which crash, and what happens at it. */
export interface CrashOptions {
  readonly point: CrashPoint;
  /** Happens when the point is reached for this time, counted from the arming. @default 1 */
  readonly nth?: number;
  /** What happens. @default the process kills itself with SIGKILL */
  readonly act?: () => void;
}

/**
 * Makes something happen at a point in the life of an application: by default the process dies there, as by `kill -9`.
 * Arm it after the application was created and before it starts, or at any later moment; several may be armed.
 *
 * The library knows nothing of it: what its providers call anyway is wrapped from outside.
 *
 * @example armCrashPoint(app, { point: 'commit:task_finish:after', nth: 3 })
 */
export function armCrashPoint(app: INestApplicationContext, options: CrashOptions): void {
  const { point, nth = 1, act = killMyself } = options;
  let left = nth;
  whenReached(app, (reached) => {
    if (reached !== point) return;
    left -= 1;
    if (left === 0) act();
  });
}

/** Counts how often each point is reached from now on. @returns the counts, which go on growing */
export function watchCrashPoints(app: INestApplicationContext): ReadonlyMap<CrashPoint, number> {
  const counts = new Map<CrashPoint, number>();
  whenReached(app, (point) => counts.set(point, (counts.get(point) ?? 0) + 1));
  return counts;
}

/** The kernel ends the process before this call returns. */
function killMyself(): void {
  process.kill(process.pid, 'SIGKILL');
}
