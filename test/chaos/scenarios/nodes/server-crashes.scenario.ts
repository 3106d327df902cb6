import { pause } from '../../pause.js';
import { amongNodes } from './among-nodes.js';

/** Postgres crashes every other second and recovers, under several nodes; now and then a node dies meanwhile. */
export const serverCrashes = amongNodes({
  name: 'server-crashes',
  async fault(world) {
    const { random, server } = world;
    for (let crashes = random.between(2, 4); crashes > 0; crashes -= 1) {
      await pause(random.between(300, 2_000));
      const victim = random.chance(0.3) ? random.pick(world.running) : undefined;
      const back = server.crash!();
      if (victim !== undefined) await victim.end('SIGKILL');
      await back;
      world.notes.push(victim === undefined ? 'crash' : `crash and ${victim.name} killed`);
      await world.startAll();
    }
  },
});
