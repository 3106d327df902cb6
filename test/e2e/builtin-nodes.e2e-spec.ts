import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Task,
  Workflow,
  directoryTrigger,
  healthTrigger,
  httpTrigger,
  queueDepthTrigger,
  tableTrigger,
} from 'nestjs-triggers';
import { DataSource } from 'typeorm';
import { TestServer } from '../../libs/triggers/src/sources/builtin/http/test-server.contract.js';
import { boot, cleanUp } from '../support/app.js';
import type { AppOptions, TestApp } from '../support/app.js';
import { DIALECTS, newDatabase } from '../support/database.js';
import { until } from '../support/until.js';

const POLL = { workflow: 'note', pollInterval: '20ms' } as const;

let home: string;
let orders: DataSource;
let server: TestServer;
let depth: number;
let isWell: boolean;

@Workflow({ name: 'note' })
class Note {
  @Task()
  note(): void {}
}

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'builtin-nodes-'));
  mkdirSync(join(home, 'inbox'));
  orders = await new DataSource({ type: 'better-sqlite3', database: join(home, 'orders.db') }).initialize();
  await orders.query('CREATE TABLE orders (id integer PRIMARY KEY)');
  server = await TestServer.start();
  server.always(200, []);
  depth = 0;
  isWell = true;
});
afterEach(async () => {
  await cleanUp();
  await orders.destroy();
  await server.stop();
  rmSync(home, { recursive: true, force: true });
});

/** Every node makes its own. */
const triggers = (): NonNullable<AppOptions['providers']> => {
  const table = { dataSource: orders, table: 'orders', column: 'id', key: 'id', from: 'beginning' } as const;
  const api = { url: server.url('/'), privateNetwork: true, items: '', key: '/sku' };
  const inbox = { path: join(home, 'inbox'), settle: '0s' } as const;
  const queue = { depth: () => depth, above: 10, on: ['above', 'below'] } as const;
  const found = (kind: string, name: unknown) => ({ found: `${kind} ${String(name)}` });
  const useValue = [
    directoryTrigger({ name: 'inbox', ...POLL, ...inbox, context: ({ name }) => found('file', name) }),
    tableTrigger({ name: 'orders', ...POLL, ...table, context: ({ id }) => found('row', id) }),
    httpTrigger({ name: 'api', ...POLL, ...api, context: ({ sku }) => found('item', sku) }),
    queueDepthTrigger({ name: 'queue', ...POLL, ...queue, context: ({ state }) => found('queue', state) }),
    healthTrigger({
      name: 'shop',
      ...POLL,
      check: () => isWell,
      failures: 2,
      context: ({ state }) => found('shop', state),
    }),
  ];
  return [Note, { provide: 'triggers', useValue }];
};

/** What has fired, in the order of the alphabet. */
async function fired(app: TestApp, count: number): Promise<string[]> {
  const executions = await app.ended(count);
  return executions.map(({ context }) => (context as { found: string }).found).sort();
}

/** Something of each kind happens, and what is told about a state is told before the next. */
async function happen(app: TestApp, stage: number): Promise<void> {
  writeFileSync(join(home, 'inbox', `${stage}.csv`), '');
  await orders.query(`INSERT INTO orders (id) VALUES (${stage})`);
  server.always(
    200,
    Array.from({ length: stage }, (_, at) => ({ sku: at + 1 })),
  );
  [depth, isWell] = [50, false];
  await fired(app, 7 * stage - 2);
  [depth, isWell] = [0, true];
  await fired(app, 7 * stage);
}

/** What has fired after so many stages, if each thing has fired once. */
const expected = (stages: number): string[] =>
  Array.from({ length: stages }, (_, at) => at + 1)
    .flatMap((stage) => [`file ${stage}.csv`, `row ${stage}`, `item ${stage}`])
    .concat(...Array.from({ length: stages }, () => ['queue above', 'queue below', 'shop down', 'shop up']))
    .sort();

it.each(DIALECTS)(
  'fires each thing once on two nodes, and when one leaves and another comes, on %s',
  async (dialect) => {
    const database = await newDatabase(dialect);
    const start = (name: string): Promise<TestApp> =>
      boot({ database, providers: triggers(), options: { node: { name } } });
    const [one, two] = [await start('one'), await start('two')];
    await happen(two, 1);
    await one.close();
    await happen(two, 2);
    await start('three');
    await happen(two, 3);
    // What each node offers anew, because it does not know it, is a duplicate.
    for (const name of ['inbox', 'orders', 'api', 'queue', 'shop']) {
      const { counts } = await two.triggers.get(name);
      await until(async () => (await two.triggers.poll(name)).status === 'skipped', `${name} finds nothing more`);
      expect((await two.triggers.get(name)).counts.fires).toBe(counts.fires);
    }
    expect(await fired(two, 21)).toEqual(expected(3));
  },
  60_000,
);
