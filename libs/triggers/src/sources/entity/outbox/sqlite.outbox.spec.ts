import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { NoTimerRegistry } from '../../../model/timer-registry.contract.js';
import { TestClock } from '../../../testing/test-clock.js';
import { SqliteOutbox } from './sqlite.outbox.js';

describe('the outbox in a SQLite file', () => {
  let folder: string;
  let source: DataSource;
  let clock: TestClock;
  let outbox: SqliteOutbox;
  let warned: string[];

  const rows = async (): Promise<number> => (await source.query<unknown[]>('SELECT id FROM triggers_outbox')).length;
  const relay = () => outbox.relay(['shop'], async (read) => read.map(({ id }) => id));

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nestjs-triggers-outbox-'));
    source = await new DataSource({ type: 'better-sqlite3', database: join(folder, 'shop.db') }).initialize();
    [clock, warned] = [new TestClock(), []];
    jest.spyOn(Logger.prototype, 'warn').mockImplementation((line: string) => void warned.push(line));
    outbox = new SqliteOutbox(source, 'Database "shop"', clock, new NoTimerRegistry());
    await outbox.install([], 'lost');
    await outbox.add(source.manager, { key: 'k', entity: 'shop', operation: 'fire', new: '{}', cause: null });
  });

  afterEach(async () => {
    await outbox.close();
    await source.destroy();
    await rm(folder, { recursive: true });
    jest.restoreAllMocks();
  });

  it('takes rows away between the transactions of the application', async () => {
    await source.query('BEGIN');
    const relayed = relay();
    await clock.advance(9_000);
    expect(await rows()).toBe(1);
    await source.query('COMMIT');
    await clock.advance(100);
    expect([await relayed, await rows(), warned]).toEqual([{ status: 'relayed', rows: 1 }, 0, []]);
  });

  it('says once which database has been in a transaction for ten seconds, and takes rows away when that ends', async () => {
    await source.query('BEGIN');
    const relayed = relay();
    await clock.advance(60_000);
    expect(warned).toEqual([expect.stringMatching(/^Database "shop": .* for 10 s; .* one after another\.$/)]);
    await source.query('ROLLBACK');
    await clock.advance(100);
    expect([await relayed, await rows()]).toEqual([{ status: 'relayed', rows: 1 }, 0]);
  });
});
