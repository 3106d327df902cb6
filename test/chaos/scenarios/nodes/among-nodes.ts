import type { WorkerProcess } from '../../world/worker.process.js';
import type { World } from '../../world/world.js';
import type { Scenario } from '../scenario.js';

/** What is particular to a scenario of several nodes on one Postgres. */
interface AmongNodes extends Pick<Scenario, 'name' | 'needs'> {
  /** What happens to the nodes, all of which have started, while they are fed. */
  fault(world: World, nodes: readonly WorkerProcess[]): Promise<void>;
}

/** A scenario of equal nodes: all start, are fed, and then meet the fault. */
export function amongNodes({ fault, ...scenario }: AmongNodes): Scenario {
  return {
    ...scenario,
    stores: ['postgres'],
    several: true,
    async run(world) {
      const nodes = await world.startAll();
      world.feed();
      await fault(world, nodes);
    },
  };
}
