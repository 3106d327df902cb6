import { pause } from '../../pause.js';
import { amongNodes } from './among-nodes.js';

/** A deploy under load: SIGTERM for one node after the other, each is started again before the next one goes. */
export const rollingRestart = amongNodes({
  name: 'rolling-restart',
  async fault(world, nodes) {
    const { random } = world;
    for (const node of nodes) {
      await pause(random.between(50, 400));
      await node.end('SIGTERM');
      await world.start().ready();
    }
    world.notes.push(`${nodes.length} nodes`);
  },
});
