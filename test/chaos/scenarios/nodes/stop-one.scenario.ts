import { pause } from '../../pause.js';
import { LEASE_MS } from '../../world/world.js';
import { amongNodes } from './among-nodes.js';

/** SIGSTOP of one node for longer than the lease, then SIGCONT, while the others go on and take its work over. */
export const stopOne = amongNodes({
  name: 'stop-one',
  async fault({ random, notes }, nodes) {
    for (let stops = random.between(1, 2); stops > 0; stops -= 1) {
      await pause(random.between(20, 500));
      const sleeper = random.pick(nodes);
      const ms = Math.round((LEASE_MS * random.between(11, 25)) / 10);
      sleeper.signal('SIGSTOP');
      await pause(ms);
      sleeper.signal('SIGCONT');
      notes.push(`${sleeper.name} stopped for ${ms} ms`);
    }
  },
});
