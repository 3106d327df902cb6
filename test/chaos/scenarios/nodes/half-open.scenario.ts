import { Proxy } from '../../../support/proxy.js';
import { pause } from '../../pause.js';
import { LEASE_MS } from '../../world/world.js';
import type { Scenario } from '../scenario.js';

/** Longer than a statement waits for its answer. */
const VERY_LONG_MS = [10_500, 12_500] as const;

/**
 * The network between one node and Postgres is half open: connections stand, nothing arrives, or no answer does. It lasts longer than
 * the lease; then what was kept back arrives late, or the connections break.
 */
export const halfOpen: Scenario = {
  name: 'half-open',
  stores: ['postgres'],
  several: true,
  async run(world) {
    const { random } = world;
    const { place } = world.ledger;
    const proxy = await Proxy.to(place.url);
    world.atEnd(() => proxy.close());
    const far = { database: { ...place, url: proxy.url } };
    await world.startAll((node) => (node === 0 ? far : {}));
    world.feed();
    for (let stalls = random.between(1, 2); stalls > 0; stalls -= 1) {
      await pause(random.between(20, 700));
      const silence = random.chance(0.4) ? 'answers' : 'both';
      const ms = random.chance(0.08)
        ? random.between(...VERY_LONG_MS)
        : Math.round((LEASE_MS * random.between(11, 30)) / 10);
      proxy.stall(silence);
      await pause(ms);
      const breaks = random.chance(0.5);
      if (breaks) proxy.breakAll();
      proxy.goOn();
      world.notes.push(`${silence === 'both' ? 'nothing' : 'no answers'} for ${ms} ms${breaks ? ', then broken' : ''}`);
    }
  },
};
