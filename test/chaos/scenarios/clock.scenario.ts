import { pause } from '../pause.js';
import type { Scenario } from './scenario.js';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
/**
 * Longer than it takes to renew a lease of 900 ms: a jump ahead that is taken back before the lease is renewed is not noticed, and
 * what was planned meanwhile waits (a known fault; seed 20349 on SQLite with 20 ms here).
 */
const LEAST_MS = 600;
const JUMPS = [-26 * HOUR, -HOUR, -10 * SECOND, -SECOND, SECOND, 10 * SECOND, HOUR, 26 * HOUR] as const;

/** The wall clock of the process is set back and forth; it may stay wrong. Monotonic time goes on. */
export const clock: Scenario = {
  name: 'clock',
  stores: ['sqlite', 'postgres'],
  movesClock: true,
  async run(world) {
    const { random } = world;
    const worker = world.start();
    await worker.ready();
    world.feed();
    for (let jumps = random.between(1, 3); jumps > 0; jumps -= 1) {
      await pause(random.between(LEAST_MS, 2 * LEAST_MS));
      const shiftClockMs = jumps === 1 && random.chance(0.3) ? 0 : random.pick(JUMPS);
      await worker.ask({ shiftClockMs });
      world.notes.push(`${shiftClockMs / SECOND} s`);
    }
  },
};
