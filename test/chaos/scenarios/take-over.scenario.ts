import { pause } from '../pause.js';
import type { Scenario } from './scenario.js';

/** Two processes on one ledger, one of them killed, a new one in its place: on SQLite the other takes the file over. */
export const takeOver: Scenario = {
  name: 'take-over',
  stores: ['sqlite', 'postgres'],
  async run(world) {
    const { random } = world;
    await world.start().ready();
    await world.start().ready();
    world.feed();
    for (let kills = random.between(1, 2); kills > 0; kills -= 1) {
      await pause(random.between(20, 600));
      const victim = random.chance(0.7) ? world.running[0]! : random.pick(world.running);
      await victim.end('SIGKILL');
      world.notes.push(`killed ${victim.name}`);
      if (random.chance(0.5)) await world.start().ready();
    }
    if (world.running.length === 0) world.start();
  },
};
