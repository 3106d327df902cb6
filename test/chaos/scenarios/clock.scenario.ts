import { pause } from '../pause.js';
import type { Scenario } from './scenario.js';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
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
      await pause(random.between(1, 600));
      const shiftClockMs = jumps === 1 && random.chance(0.3) ? 0 : random.pick(JUMPS);
      await worker.ask({ shiftClockMs });
      world.notes.push(`${shiftClockMs / SECOND} s`);
    }
  },
};
