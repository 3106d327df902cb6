import { pause } from '../../pause.js';
import type { Scenario } from '../scenario.js';

/** A deploy under load: SIGTERM for one node after the other, each is started again before the next one goes. */
export const rollingRestart: Scenario = {
  name: 'rolling-restart',
  stores: ['postgres'],
  several: true,
  async run(world) {
    const { random } = world;
    const nodes = await world.startAll();
    world.feed();
    for (const node of nodes) {
      await pause(random.between(50, 400));
      await node.end('SIGTERM');
      await world.start().ready();
    }
    world.notes.push(`${nodes.length} nodes`);
  },
};
