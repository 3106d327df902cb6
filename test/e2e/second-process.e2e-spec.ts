import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endAll, spawnChild } from '../support/child.js';
import type { Child } from '../support/child.js';
import { newDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { newFolder } from '../support/folder.js';
import { until } from '../support/until.js';

describe('a second process on one SQLite file', () => {
  let database: TestDatabase;
  let effects: string;
  let orders: string;

  beforeEach(async () => {
    database = await newDatabase('sqlite');
    const folder = newFolder();
    effects = join(folder, 'effects');
    orders = join(folder, 'orders');
    writeFileSync(orders, '');
  });
  afterEach(endAll);

  const start = async (name: string, environment: Record<string, string> = {}): Promise<Child> => {
    const child = spawnChild('worker.mjs', {
      ...database.environment,
      EFFECTS: effects,
      ORDERS: orders,
      NODE_NAME: name,
      ...environment,
    });
    await child.says('ready');
    return child;
  };
  const done = (): string[] => (existsSync(effects) ? readFileSync(effects, 'utf8').split('\n').filter(Boolean) : []);
  const doneBy = (name: string): string[] => done().filter((line) => line.endsWith(` ${name}`));
  const run = async (child: Child, order: number): Promise<string> =>
    (await child.call('POST', '/workflows/chain/run', { context: { order } })).executionIds[0] as string;
  const completed = (child: Child, ids: readonly string[]): Promise<unknown> =>
    until(async () => {
      const { items } = await child.call('GET', '/executions?state=completed&limit=1000');
      const over = items.map(({ id }: { id: string }) => id);
      return ids.every((id) => over.includes(id));
    }, `${ids.length} executions are completed`);

  it('reads, fires and serves the admin API, while the owner does the work', async () => {
    const owner = await start('owner');
    const second = await start('second');
    const id = await run(second, 1);
    await completed(second, [id]);
    await completed(owner, [id]);
    expect(doneBy('owner')).toHaveLength(3);
    expect(doneBy('second')).toEqual([]);

    const nodes = (await second.call('GET', '/nodes')).items;
    expect(nodes.map(({ name }: { name: string }) => name)).toEqual(['owner']);
    const fired = await second.call('POST', '/orders/fire', { context: { order: 'by hand' } });
    expect(fired).toMatchObject({ status: 'accepted' });
    await completed(second, fired.executionIds);
    expect(await second.call('PATCH', '/orders', { enabled: false })).toMatchObject({ state: 'disabled' });
    expect(await owner.call('GET', '/orders')).toMatchObject({ state: 'disabled' });
  });

  it('takes over when the owner is killed, and nothing is lost', async () => {
    const owner = await start('owner', { TASK_MS: '100', CONCURRENCY: '4' });
    const second = await start('second');
    writeFileSync(orders, 'a\nb\nc\n');
    const ids = await Promise.all([...Array(10).keys()].map((order) => run(second, order)));
    await until(() => doneBy('owner').length >= 3, 'the owner has begun');
    owner.kill('SIGKILL');
    await owner.exit();

    await completed(second, ids);
    expect(doneBy('second').length).toBeGreaterThan(0);
    writeFileSync(orders, 'a\nb\nc\nd\n');
    await until(async () => {
      const { items } = await second.call('GET', '/orders/executions');
      return items.length === 4 && items.every(({ state }: { state: string }) => state === 'completed');
    }, 'the second process polls as the first did');
    const effects = new Set(done().map((line) => line.split(' ').slice(0, 2).join(' ')));
    expect(effects.size).toBe(14 * 3);
    await until(
      async () =>
        (await second.call('GET', '/nodes')).items.map(({ name }: { name: string }) => name).join() === 'second',
      'only the second process is left',
    );
  });

  it('takes over when the owner is told to stop', async () => {
    const owner = await start('owner', { TASK_MS: '300' });
    const second = await start('second');
    const id = await run(owner, 1);
    await owner.says('started');
    owner.kill('SIGTERM');
    expect(await owner.exit()).toMatchObject({ signal: 'SIGTERM' });
    await completed(second, [id]);
    expect(doneBy('owner').length).toBeGreaterThan(0);
    expect(done()).toHaveLength(3);
  });
});
