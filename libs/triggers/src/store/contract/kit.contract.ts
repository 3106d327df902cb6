import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventBus } from '../../model/events.js';
import type { TriggersEvent } from '../../model/events.js';
import { newId } from '../../model/ids.js';
import { checkLedger } from '../../testing/ledger-check.js';
import { TestClock } from '../../testing/test-clock.js';
import { resolveDatabaseOptions } from '../database.options.js';
import type { DatabaseOptions } from '../database.options.js';
import type { Batch, Row } from '../dialects/batch.js';
import { batch } from '../dialects/batch.js';
import { Store } from '../store.service.js';

/** The databases that the contract of the store is written for. */
export type Database = 'sqlite' | ':memory:' | 'postgres';

/** One database for one test, with any number of stores on it. */
export class StoreKit {
  readonly clock: TestClock;
  readonly events: TriggersEvent[] = [];
  readonly stores: Store[] = [];
  /** Running tasks of dead nodes are what the test leaves behind. */
  leavesOrphans = false;

  private constructor(
    readonly database: Database,
    readonly options: DatabaseOptions,
    private readonly drop: () => Promise<void>,
    start: string | undefined,
  ) {
    this.clock = new TestClock(start);
  }

  static async create(database: Database, start?: string): Promise<StoreKit> {
    if (database === ':memory:') {
      return new StoreKit(database, { type: 'sqlite', path: database }, () => Promise.resolve(), start);
    }
    if (database === 'sqlite') {
      const folder = mkdtempSync(join(tmpdir(), 'triggers-store-'));
      const drop = async (): Promise<void> => rmSync(folder, { recursive: true, force: true });
      return new StoreKit(database, { type: 'sqlite', path: join(folder, 'triggers.db') }, drop, start);
    }
    const url = process.env['TEST_POSTGRES_URL'] ?? '';
    const schema = `t_${newId().replaceAll('-', '')}`;
    await onServer(url, `CREATE SCHEMA ${schema}`);
    const drop = (): Promise<void> => onServer(url, `DROP SCHEMA ${schema} CASCADE`);
    return new StoreKit(database, { type: 'postgres', url, schema, poolSize: 4 }, drop, start);
  }

  /** Another process's store on this database. */
  async open(options = this.options): Promise<Store> {
    const store = this.make(options);
    await store.open();
    this.stores.push(store);
    return store;
  }

  /** A store that is not open yet. */
  make(options = this.options): Store {
    const bus = new EventBus(
      () => this.clock.now(),
      (message) => {
        throw new Error(message);
      },
    );
    bus.subscribe((event) => this.events.push(event));
    const store = new Store(resolveDatabaseOptions(options), this.clock, bus);
    this.clock.watch(store);
    return store;
  }

  /** Problems of the ledger as a test leaves it. */
  async problems(): Promise<string[]> {
    const [store] = this.stores;
    const problems = store === undefined ? [] : await checkLedger(store);
    return this.leavesOrphans ? problems.filter((problem) => !problem.includes('which is dead')) : problems;
  }

  /** Closes the stores and deletes the database. */
  async close(): Promise<void> {
    for (const store of this.stores.splice(0)) await store.close();
    await this.drop();
  }
}

/** A kit for each test: the ledger is checked after it, then everything is gone. */
export function useStoreKit(database: Database, start?: string): () => StoreKit {
  let kit: StoreKit;
  beforeEach(async () => {
    kit = await StoreKit.create(database, start);
  });
  afterEach(async () => {
    try {
      expect(await kit.problems()).toEqual([]);
    } finally {
      await kit.close();
    }
  });
  return () => kit;
}

/** Rows of a table as they are stored. */
export async function rowsOf(store: Store, table: string, order = '1'): Promise<readonly Row[]> {
  return store.read(statement(`SELECT * FROM triggers_${table} ORDER BY ${order}`), [[]]);
}

/** A statement without parameters, for looking. */
export function statement(sql: string): Batch {
  return batch(`look_${createHash('sha1').update(sql).digest('hex')}`, {}, () => sql);
}

async function onServer(url: string, sql: string): Promise<void> {
  const { Client } = await import('pg');
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
