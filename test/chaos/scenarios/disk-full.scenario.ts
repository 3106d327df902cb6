import { join } from 'node:path';
import { pause } from '../pause.js';
import { limitedFiles, mountedDisk } from '../world/full-disk.js';
import type { FullDisk } from '../world/full-disk.js';
import type { World } from '../world/world.js';
import type { Scenario } from './scenario.js';

/** The disk of the database becomes full, then has space again; sometimes the process is killed in between. */
export const diskFull: Scenario = {
  name: 'disk-full',
  stores: ['sqlite'],
  async run(world) {
    const { random } = world;
    const disk = chooseDisk(world);
    world.atEnd(() => disk.remove());
    const worker = world.start();
    await worker.ready();
    world.feed();
    await pause(random.between(20, 500));
    disk.fill(worker);
    await pause(random.between(100, 2_000));
    const dies = random.chance(0.3);
    if (dies) await worker.end('SIGKILL');
    disk.free(worker);
    if (dies) world.start();
    world.notes.push(`${disk.what}${dies ? ', killed while it was full' : ''}`);
  },
};

function chooseDisk({ folder, random }: World): FullDisk {
  const mounted = random.chance(0.6) ? mountedDisk(join(folder, 'database')) : null;
  return mounted ?? limitedFiles(folder);
}
