import { SystemClock } from '../model/clock.js';
import { EventBus } from '../model/events.js';
import { resolveDatabaseOptions } from '../store/database.options.js';
import type { DatabaseOptions } from '../store/database.options.js';
import { Store } from '../store/store.service.js';
import { checkLedger } from './ledger-check.js';

/**
 * Reads the whole ledger of a database and tells what cannot be: counters that differ from the rows they count, ended
 * executions with open tasks, keys that nobody may hold, running tasks whose node is dead. Empty when every promise of
 * the store stands, whatever happened to the processes that wrote it.
 *
 * It needs no application, runs nothing and may be called while one runs. It reads every row: for tests.
 *
 * @throws as the start of an application does when the database cannot be opened
 */
export async function checkDatabase(options: DatabaseOptions): Promise<string[]> {
  const clock = new SystemClock();
  const events = new EventBus(
    () => clock.now(),
    () => undefined,
  );
  const store = new Store(resolveDatabaseOptions(options), clock, events);
  await store.open();
  try {
    return await checkLedger(store);
  } finally {
    await store.close();
  }
}
