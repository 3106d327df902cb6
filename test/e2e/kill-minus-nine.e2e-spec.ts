import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { endAll, spawnChild } from '../support/child.js';
import type { Child } from '../support/child.js';
import { DIALECTS, newDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { newFolder } from '../support/folder.js';
import { until } from '../support/until.js';

const EXECUTIONS = 100;
const TASKS = ['first', 'second', 'third'];
/** Effects after which the process is killed: early, in the middle, late. */
const KILLS = [40, 130, 220];

describe.each(DIALECTS)('an application that is killed with -9 again and again, on %s', (dialect) => {
  let database: TestDatabase;
  let effects: string;
  let child: Child;

  beforeEach(async () => {
    database = await newDatabase(dialect);
    effects = join(newFolder(), 'effects');
  });
  afterEach(endAll);

  const start = (): Child =>
    spawnChild('worker.mjs', {
      ...database.environment,
      EFFECTS: effects,
      TASK_MS: '30',
      CONCURRENCY: '6',
      LEASE: '1s',
    });
  const done = (): string[] => (existsSync(effects) ? readFileSync(effects, 'utf8').split('\n').filter(Boolean) : []);

  /** Sends a request until it is answered, as a client does that gets no answer. */
  const insist = async (order: number): Promise<string> =>
    until(
      async () => {
        try {
          const answer = await child.call(
            'POST',
            '/workflows/chain/run',
            { context: { order } },
            {
              'idempotency-key': `order-${order}`,
            },
          );
          return answer.executionIds?.[0] as string | undefined;
        } catch {
          return undefined;
        }
      },
      `order ${order} is accepted`,
      60_000,
    );

  it('ends every execution it accepted, each once, and does the effect of every task', async () => {
    child = start();
    const accepted = Promise.all(Array.from({ length: EXECUTIONS }, (_, order) => insist(order)));
    for (const effectsDone of KILLS) {
      await until(() => done().length >= effectsDone, `${effectsDone} effects are done`, 60_000);
      child.kill('SIGKILL');
      expect(await child.exit()).toMatchObject({ signal: 'SIGKILL' });
      child = start();
    }
    const ids = await accepted;
    const rows = await until(
      async () => {
        const { items } = await child.call('GET', '/executions?limit=1000');
        return items.every(({ state }: { state: string }) => state === 'completed') && items;
      },
      'every execution is completed',
      60_000,
    );

    expect(new Set(ids).size).toBe(EXECUTIONS);
    expect(rows.map(({ id }: { id: string }) => id).sort()).toEqual([...ids].sort());
    const effectOf = new Set(done().map((line) => line.split(' ').slice(0, 2).join(' ')));
    const tasks = await Promise.all(ids.map(async (id) => (await child.call('GET', `/executions/${id}`)).tasks));
    expect(tasks.flat().map(({ state }) => state)).toEqual(Array(EXECUTIONS * TASKS.length).fill('completed'));
    expect(effectOf.size).toBe(EXECUTIONS * TASKS.length);
    // Some were under way when the process was killed: they were rescued, which costs no attempt.
    expect(tasks.flat().some(({ rescues }) => rescues > 0)).toBe(true);
    expect(tasks.flat().every(({ attempt }) => attempt === 1)).toBe(true);
  }, 180_000);
});
