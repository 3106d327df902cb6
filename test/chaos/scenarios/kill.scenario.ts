import { pause } from '../pause.js';
import type { Scenario } from './scenario.js';

/** `kill -9` at random instants, a few times; sometimes while the process starts. */
export const kill: Scenario = {
  name: 'kill',
  stores: ['sqlite', 'postgres'],
  async run(world) {
    const { random } = world;
    for (let kills = random.between(1, 2); kills > 0; kills -= 1) {
      const worker = world.start();
      const booting = random.chance(0.2);
      if (!booting) await worker.ready();
      world.feed();
      await pause(booting ? random.between(100, 1_500) : random.between(5, 700));
      await worker.end('SIGKILL');
      world.notes.push(booting ? 'killed while it started' : 'killed');
    }
    world.start();
  },
};
