import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { EntityTrigger } from 'nestjs-triggers';
import type { EntityChange } from 'nestjs-triggers';
import { DataSource, EntitySchema } from 'typeorm';
import { pause } from '../pause.js';
import type { Work } from './effects.js';
import { settings } from './settings.js';

const OPEN_PATIENCE_MS = 30_000;
const LOOK_EVERY_MS = 250;

/** What the application itself keeps: what is in its table was committed, whatever became of who wrote it. */
class Entry {
  id!: number;
  item!: string;
}

const ENTRY = new EntitySchema<Entry>({
  name: 'Entry',
  target: Entry,
  columns: { id: { type: Number, primary: true, generated: true }, item: { type: String } },
});

/** The database of the application: a file beside the record of effects, or tables beside the ledger's. */
function newSource(): DataSource {
  const { database, folder } = settings;
  const common = { entities: [ENTRY], synchronize: true };
  if (database.schema !== undefined)
    return new DataSource({ type: 'postgres', url: database.url, schema: database.schema, ...common });
  return new DataSource({ type: 'better-sqlite3', database: join(folder, 'application.db'), ...common });
}

/** A server that was killed is back soon, and two processes may make the table at once. */
async function open(): Promise<DataSource> {
  for (const deadline = performance.now() + OPEN_PATIENCE_MS; ; await pause(LOOK_EVERY_MS)) {
    try {
      return await newSource().initialize();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
  }
}

/** The DataSource of this process. */
export const source = await open();

let written: Promise<void> = Promise.resolve();

/** Writes by each way of writing. On SQLite one after another: TypeORM leaves a connection in a transaction that never ends when three begin at once. */
export function write(item: string): Promise<void> {
  if (settings.database.schema !== undefined) return writeEachWay(item);
  return (written = written.then(() => writeEachWay(item)));
}

/** What fails was not committed, or was: the table says it. */
async function writeEachWay(item: string): Promise<void> {
  try {
    await source.transaction(async (manager) => {
      const { identifiers } = await manager.insert(Entry, [{ item }, { item }]);
      await pause(1);
      await manager.update(Entry, identifiers[0]!, { item: `${item} again` });
    });
    await source.manager.insert(Entry, { item });
    await source.transaction(async (manager) => {
      await manager.insert(Entry, { item });
      throw new Rollback();
    });
  } catch {
    // Rolled back, or the database is away.
  }
}

class Rollback extends Error {}

/** What changes in the tables of the application. */
@Injectable()
export class Entries implements OnApplicationShutdown {
  @EntityTrigger({ workflow: 'single', entity: Entry, on: ['insert'] })
  written({ after }: EntityChange<Entry, 'insert'>): Work {
    return { item: `entry-${after.id}`, ms: 0, fails: 'never' };
  }

  async onApplicationShutdown(): Promise<void> {
    await source.destroy();
  }
}
