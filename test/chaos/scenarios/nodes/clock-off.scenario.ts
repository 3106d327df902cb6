import { pause } from '../../pause.js';
import type { Scenario } from '../scenario.js';

const OFF_MS = [60_000, -60_000] as const;

/**
 * One node whose wall clock is a minute ahead, one whose is a minute behind, from their start on; one of all is killed. Instants
 * in rows come from the database, so nobody may notice.
 */
export const clockOff: Scenario = {
  name: 'clock-off',
  stores: ['postgres'],
  several: true,
  clocksDiffer: true,
  async run(world) {
    const { random } = world;
    await world.startAll((node) => (OFF_MS[node] === undefined ? {} : { clockOffMs: OFF_MS[node] }));
    world.feed();
    await pause(random.between(300, 1_500));
    const victim = random.pick(world.running);
    await victim.end('SIGKILL');
    world.notes.push(`killed ${victim.name}, its clock ${(victim.settings.clockOffMs ?? 0) / 1_000} s off`);
    const { clockOffMs } = victim.settings;
    await world.startAll(() => (clockOffMs === undefined ? {} : { clockOffMs }));
    await pause(random.between(100, 600));
  },
};
