import { pause } from '../pause.js';
import { LEASE_MS } from '../world/world.js';
import type { Scenario } from './scenario.js';

/**
 * SIGSTOP for longer than the lease, then SIGCONT: a process that slept through its lease must not believe that what it
 * holds is still its own. On Postgres another one has taken its work over by then.
 */
export const stop: Scenario = {
  name: 'stop',
  stores: ['sqlite', 'postgres'],
  async run(world) {
    const { random } = world;
    const sleeper = world.start();
    await sleeper.ready();
    if (world.store === 'postgres') await world.start().ready();
    world.feed();
    await pause(random.between(20, 500));
    sleeper.signal('SIGSTOP');
    const ms = Math.round(LEASE_MS * (random.chance(0.25) ? 0.5 : random.between(11, 22) / 10));
    await pause(ms);
    sleeper.signal('SIGCONT');
    world.notes.push(`stopped for ${ms} ms`);
  },
};
