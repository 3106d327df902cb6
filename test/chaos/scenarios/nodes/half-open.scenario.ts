import { Proxy } from '../../../support/proxy.js';
import { pause } from '../../pause.js';
import { LEASE_MS } from '../../world/world.js';
import type { WorkerProcess } from '../../world/worker.process.js';
import type { Scenario } from '../scenario.js';

/** Longer than a statement waits for its answer. */
const VERY_LONG_MS = [10_500, 12_500] as const;

/** How a silence ends: what was kept back arrives late; the connections break; new ones work, and the old are silent for ever. */
const ENDS = {
  'went on': (proxy: Proxy) => proxy.goOn(),
  broke: (proxy: Proxy) => {
    proxy.breakAll();
    proxy.goOn();
  },
  'was forgotten': (proxy: Proxy) => proxy.forget(),
} as const;
const USUAL_ENDS = ['went on', 'went on', 'broke', 'broke', 'was forgotten'] as const;

/**
 * The network between one node and Postgres is half open: connections stand, nothing arrives, or no answer does, for longer than the
 * lease. Now and then the node is told to end meanwhile.
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
      const long = random.chance(0.08);
      const ms = long ? random.between(...VERY_LONG_MS) : Math.round((LEASE_MS * random.between(11, 30)) / 10);
      proxy.stall(silence);
      await pause(ms);
      const stops = random.chance(0.12);
      if (stops) await farNode(world.running, proxy)?.end('SIGTERM');
      const end = random.pick(USUAL_ENDS);
      ENDS[end](proxy);
      world.notes.push(
        `${silence === 'both' ? 'nothing' : 'no answers'} for ${ms} ms, ${stops ? 'stopped, ' : ''}${end}`,
      );
      await world.startAll(() => far);
    }
  },
};

function farNode(running: readonly WorkerProcess[], { url }: Proxy): WorkerProcess | undefined {
  return running.find(({ settings }) => settings.database.url === url);
}
