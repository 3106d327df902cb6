import { pause } from '../pause.js';
import type { Scenario } from './scenario.js';

/** Postgres ends as by a power cut and recovers from its log, again and again. */
export const serverCrash: Scenario = {
  name: 'server-crash',
  stores: ['postgres'],
  async run(world) {
    const { random, server } = world;
    for (let count = random.between(1, 2); count > 0; count -= 1) await world.start().ready();
    world.feed();
    const crashes = random.between(1, 3);
    for (let count = crashes; count > 0; count -= 1) {
      await pause(random.between(20, 600));
      await server.crash!();
    }
    world.notes.push(`${crashes} crashes, ${world.running.length} processes`);
  },
};
