import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../support/until.js';
import { pause } from '../pause.js';
import type { WorkerProcess } from '../world/worker.process.js';
import type { Scenario } from './scenario.js';

const NOTICED = 'was removed or replaced';

/**
 * The database file is deleted under the running process. It must notice, say so, and acknowledge nothing more, because
 * nobody could ever read it; a restart begins with a new file, and sources fire into it what they still have.
 */
export const fileRemoved: Scenario = {
  name: 'file-removed',
  stores: ['sqlite'],
  async run(world) {
    const { random } = world;
    const worker = world.start();
    await worker.ready();
    world.feed();
    await pause(random.between(20, 600));
    const everything = random.chance(0.5);
    removeDatabase(world.folder, everything);
    world.ledgerLostAt = performance.now();
    world.notes.push(everything ? 'all its files' : 'the file alone');
    if (random.chance(0.7)) await until(() => hasNoticed(worker), 'the process says that its database is gone');
    await pause(random.between(0, 700));
    await worker.end(random.chance(0.5) ? 'SIGKILL' : 'SIGTERM');
    for (const name of readdirSync(join(world.folder, 'done'))) rmSync(join(world.folder, 'done', name));
    world.start();
  },
};

function removeDatabase(folder: string, everything: boolean): void {
  const database = join(folder, 'database');
  const names = readdirSync(database).filter((name) => everything || name === 'triggers.db');
  for (const name of names) rmSync(join(database, name));
}

function hasNoticed({ settings: { folder, name } }: WorkerProcess): boolean {
  return readFileSync(join(folder, `${name}.log`), 'utf8').includes(NOTICED);
}
