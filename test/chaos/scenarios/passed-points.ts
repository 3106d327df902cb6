import type { CrashPoint } from 'nestjs-triggers/testing';
import { Random } from '../random.js';
import { pause } from '../pause.js';
import { World } from '../world/world.js';
import type { Surroundings } from '../world/world.js';

/** In which what was fed last comes to its end. */
const AFTER_FEEDING_MS = 1_000;
const SEED = 1;

/** A point, and how often a round passes it. */
export type PassedPoint = readonly [point: CrashPoint, times: number];

/** The points that the work of a round passes, by a process that only counts, after one that was killed; in a fixed order. */
export async function passedPoints(surroundings: Surroundings): Promise<readonly PassedPoint[]> {
  const world = await World.create('points', new Random(SEED), surroundings);
  try {
    const first = world.start();
    await first.ready();
    world.feed();
    await pause(world.random.between(300, 600));
    await first.end('SIGKILL');
    const counting = world.start({ countPoints: true });
    await counting.ready();
    await world.fedUp();
    await world.operator.letGo();
    await pause(AFTER_FEEDING_MS);
    const told = await counting.ask({ ask: 'points' });
    if (told === undefined || !('points' in told)) throw new Error('The process that counts crash points died.');
    return [...told.points].sort(([a], [b]) => (a < b ? -1 : 1));
  } finally {
    await world.destroy();
    await world.remove();
  }
}
