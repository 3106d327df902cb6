import { pause } from '../../pause.js';
import { amongNodes } from './among-nodes.js';

/** `kill -9` of any of the nodes at random instants, again and again; new ones come, sometimes killed while they start. */
export const killAny = amongNodes({
  name: 'kill-any',
  async fault(world) {
    const { random } = world;
    for (let kills = random.between(2, 4); kills > 0; kills -= 1) {
      await pause(random.between(10, 900));
      const victim = random.pick(world.running);
      world.notes.push(`killed ${victim.name}${victim.url === undefined ? ' while it started' : ''}`);
      await victim.end('SIGKILL');
      if (random.chance(0.7)) world.start();
      if (world.running.length === 0 || random.chance(0.3)) await world.startAll();
    }
    await world.startAll();
  },
});
