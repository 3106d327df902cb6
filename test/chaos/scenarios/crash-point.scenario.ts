import type { CrashPoint } from 'nestjs-triggers/testing';
import type { World } from '../world/world.js';
import { passedPoints } from './passed-points.js';
import type { PassedPoint } from './passed-points.js';
import type { Scenario, ScenarioOptions } from './scenario.js';

/** Later passings find the process in other company; those that are too late may not come. */
const MAX_NTH = 10;
/** In which work that was fed last passes the point, if it does. */
const LAST_CHANCE_MS = 500;

/** Found once a run: what the points are follows from the code, and which of them matter from the work. */
let points: Promise<readonly PassedPoint[]> | undefined;
let turn = 0;

/** SIGKILL at every named point of a commit, a poll, a claim, a finish and a callback, in turn. */
export const crashPoint: Scenario = {
  name: 'crash-point',
  stores: ['sqlite', 'postgres'],
  async run(world, options) {
    const crash = await choose(world, options);
    world.repeat = ` --point ${crash.point} --nth ${crash.nth}`;
    const worker = world.start({ crash });
    await worker.ready();
    const died = await diesWhileFed(world);
    world.notes.push(`${died ? 'killed at' : 'did not pass'} ${crash.point} #${crash.nth}`);
    if (died) world.start();
  },
};

async function choose(world: World, { point, nth }: ScenarioOptions): Promise<{ point: CrashPoint; nth: number }> {
  if (point !== undefined) return { point, nth: nth ?? 1 };
  const all = await (points ??= passedPoints(world.surroundings));
  if (turn === 0) turn = world.random.between(0, all.length - 1);
  const [chosen, times] = all[turn % all.length]!;
  turn += 1;
  return { point: chosen, nth: world.random.between(1, Math.min(MAX_NTH, Math.ceil(times / 2))) };
}

/** A point at a start of the process is passed before anything is fed; one that was not passed in time does no harm later. */
async function diesWhileFed(world: World): Promise<boolean> {
  await world.fedUp();
  await world.operator.letGo();
  const [worker] = world.workers;
  if (await worker!.endsWithin(LAST_CHANCE_MS)) return true;
  return (await worker!.ask({ disarm: true })) === undefined;
}
