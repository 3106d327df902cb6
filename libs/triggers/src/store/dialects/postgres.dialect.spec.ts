import { spawnSync } from 'node:child_process';
import { Client } from 'pg';
import { Proxy } from '../../../../../test/support/proxy.js';
import { until } from '../../../../../test/support/until.js';
import { rowsOf, useStoreKit } from '../contract/kit.contract.js';
import type { Store } from '../store.service.js';
import { registerNode } from '../node.repository.js';
import { newId } from '../../model/ids.js';
import type { NodeId } from '../../model/ids.js';
import { CLAIM } from '../commits/claim.commit.js';
import { FakeEngine, begin, nodeOf } from '../contract/work.contract.js';
import * as graph from '../commits/graph.statements.js';
import { batch, run, runOnce, send } from './batch.js';
import type { Batch, Work } from './batch.js';
import { PostgresStatements } from './postgres.statements.js';

const NO_SUCH_TABLE = batch('no_such_table', {}, () => 'INSERT INTO no_such_table VALUES (1)');
const CUT = batch('cut_itself', {}, () => 'SELECT pg_terminate_backend(pg_backend_pid())');
const NODE = batch(
  'sent_node',
  { _id: 'text' },
  ({
    now,
  }) => `INSERT INTO triggers_node (id, name, lease_until, lease_ms, started_at, workflows, roles, pools, concurrency, host, pid, version)
    SELECT _id, 'sent', ${now}, 1, ${now}, '[]', '[]', '[]', 0, '', 0, '' FROM g`,
);

const IMPATIENT = batch('impatient', {}, () => 'SET LOCAL idle_in_transaction_session_timeout = 50');

interface Config {
  readonly text: string;
}

/** Looks at every query before its connection takes it, or puts another in its place. */
function onQuery(meet: (client: Client, config: Config) => Config): jest.SpyInstance {
  const query = Client.prototype.query as (...args: unknown[]) => unknown;
  return jest.spyOn(Client.prototype, 'query').mockImplementation(function (this: Client, ...args: unknown[]) {
    const [config, ...rest] = args as [Config];
    return query.call(this, meet(this, config), ...rest) as never;
  });
}

describe('a transaction on Postgres', () => {
  const kit = useStoreKit('postgres');

  /** Sends a node, then these statements, and waits for none. */
  const sendBehind = (store: Store, ...statements: readonly Batch[]): Promise<void> =>
    store.dialect.transaction(function* (): Work<void> {
      yield* send(NODE, [[newId()]]);
      for (const statement of statements) yield* send(statement, [[]]);
      yield* send(NODE, [[newId()]]);
    });

  const names = async (store: Store): Promise<unknown[]> => (await rowsOf(store, 'node')).map((row) => row['name']);

  it('is spoilt by a statement that nobody waited for, and leaves a connection that works', async () => {
    const store = await kit().open();
    await expect(sendBehind(store, NO_SUCH_TABLE)).rejects.toMatchObject({
      trouble: 'item',
      outcome: 'rolledBack',
      cause: { code: '42P01' },
    });
    expect(await names(store)).toEqual([]);
    await sendBehind(store);
    expect(await names(store)).toEqual(['sent', 'sent']);
  });

  it('is gone with a connection that breaks between its statements, and the next one has another', async () => {
    const store = await kit().open();
    // Whether the server's last word still arrives before the connection breaks is up to the network.
    await expect(sendBehind(store, CUT)).rejects.toMatchObject({ trouble: 'away' });
    expect(await names(store)).toEqual([]);
    await sendBehind(store);
    expect(await names(store)).toEqual(['sent', 'sent']);
  });

  it('leaves its rows to others when its process, in the middle of it, cannot be reached any more', async () => {
    const { options } = kit();
    const store = await kit().open();
    const proxy = await Proxy.to((options as { url: string }).url);
    const far = await kit().open({ ...options, url: proxy.url } as typeof options);
    const row = [[newId()]];
    let lost: Promise<unknown> | undefined;
    await new Promise<void>((written) => {
      const work = function* (): Work<void> {
        yield* run(NODE, row);
        proxy.stall();
        written();
        yield* run(NODE, [[newId()]]);
      };
      lost = far.dialect.transaction(work).catch((error: unknown) => error);
    });
    await store.dialect.transaction(() => run(NODE, row)).finally(() => proxy.close());
    expect(await names(store)).toEqual(['sent']);
    expect(await lost).toMatchObject({ trouble: 'away', outcome: 'rolledBack' });
  });

  it('is rolled back, and no item is to blame, when its process stood still in the middle of it for too long', async () => {
    const store = await kit().open();
    const late = store.dialect.transaction(function* (): Work<void> {
      yield* runOnce(IMPATIENT);
      spawnSync('sleep', ['0.3']);
      yield* run(NODE, [[newId()]]);
    });
    await expect(late).rejects.toMatchObject({ trouble: 'away', outcome: 'rolledBack' });
    expect(await names(store)).toEqual([]);
    await sendBehind(store);
    expect(await names(store)).toEqual(['sent', 'sent']);
  });

  it('does not keep its process from ending when nothing answers any more', async () => {
    const { options, clock } = kit();
    const store = await kit().open();
    const proxy = await Proxy.to((options as { url: string }).url);
    const far = kit().make({ ...options, url: proxy.url } as typeof options);
    await far.open();
    await new Promise<void>((hears) => far.notices.listen(() => hears()));
    proxy.stall();
    const reading = far.reader.query('SELECT 1').catch((error: unknown) => error);
    let isClosed = false;
    void far.close().then(() => (isClosed = true));
    const secondLater = (): Promise<boolean> => clock.advance(1_000).then(() => isClosed);
    try {
      await until(secondLater, 'the store is closed', 5_000);
      expect(await reading).toBeInstanceOf(Error);
    } finally {
      proxy.close();
    }
    expect(await names(store)).toEqual([]);
  });

  it('writes nothing when BEGIN fails with its statements behind it', async () => {
    const store = await kit().open();
    const spy = onQuery((_client, config) => (config.text === 'BEGIN READ WRITE' ? { text: 'BEGIN NOTHING' } : config));
    await expect(sendBehind(store)).rejects.toMatchObject({
      trouble: 'away',
      outcome: 'rolledBack',
      cause: { code: '42601' },
    });
    spy.mockRestore();
    expect(await names(store)).toEqual([]);
  });

  it('waits for each statement with a driver that takes one at a time', async () => {
    const store = await kit().open();
    const spy = onQuery((client, config) => {
      (client as { pipeline: boolean }).pipeline = false;
      return config;
    });
    await sendBehind(store);
    await expect(sendBehind(store, NO_SUCH_TABLE)).rejects.toMatchObject({ trouble: 'item', cause: { code: '42P01' } });
    spy.mockRestore();
    expect(await names(store)).toEqual(['sent', 'sent']);
  });

  it('reports each failure once, and nothing of it as unhandled', async () => {
    const store = await kit().open();
    const unhandled = jest.fn();
    process.on('unhandledRejection', unhandled);
    const poisoned = store.change(function* () {
      yield* send(NO_SUCH_TABLE, [[]]);
      yield* send(NO_SUCH_TABLE, [[]]);
    });
    const neighbour = store.change(function* () {
      yield* registerNode(nodeOf({ id: newId<NodeId>(), name: 'good', leaseMs: 1e9 }));
    });
    await expect(poisoned).rejects.toMatchObject({ code: '42P01' });
    await neighbour;
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
    expect(await names(store)).toEqual(['good']);
  });

  it.each(['FINISH_TASK', 'COMPLETE_EXECUTION', 'COUNT_ENDED', 'HAND_OVER', 'COUNT_DEPENDENCIES'] as const)(
    'finds the rows of %s by their keys, also when its plan was made for empty tables',
    async (name) => {
      const store = await kit().open();
      const change = graph[name];
      const row = Object.keys(change.columns).map(() => null);
      const { text, values = [] } = new PostgresStatements(kit().clock).query(change, [row]);
      const plan = await store.dialect.transaction(function* (): Work<string> {
        yield* runOnce(batch('generic', {}, () => 'SET LOCAL plan_cache_mode = force_generic_plan'));
        yield* runOnce(batch('prepare', {}, () => `PREPARE planned AS ${text}`));
        const nulls = values.map(() => 'NULL').join(', ');
        const lines = yield* runOnce(batch('explain', {}, () => `EXPLAIN EXECUTE planned(${nulls})`));
        return lines.map((line) => line['QUERY PLAN']).join('\n');
      });
      const scans = plan.match(/\w+ Scan (using \w+ )?on triggers_\w+/g) ?? [];
      expect(scans).not.toEqual([]);
      expect(scans.filter((scan) => !/using \w+_pkey on/.test(scan))).toEqual([]);
    },
  );

  it('claims from one pool without a look at what waits in another', async () => {
    const store = await kit().open();
    const engine = await FakeEngine.on(store);
    const graph = Object.fromEntries(Array.from({ length: 2_000 }, (_, at) => [`t${at}`, []]));
    const pools = Object.fromEntries(Object.keys(graph).map((task) => [task, 'gpu']));
    await begin(store, { graph, pools, priority: 9 });
    const due = await begin(store);
    const { text, literals } = claimBy(engine, 10);
    const filled = text.replace(/\$(\d+)/g, (_, at) => literals[Number(at) - 1] as string);
    const plan = await store.dialect.transaction(function* (): Work<string> {
      const lines = yield* runOnce(batch('explain_claim', {}, () => `EXPLAIN (ANALYZE, TIMING OFF) ${filled}`));
      return lines.map((line) => line['QUERY PLAN']).join('\n');
    });
    const scan = /Index Scan using triggers_task_ready on triggers_task [^]*?Index Cond: (.*)/.exec(plan)?.[1];
    expect(scan).toMatch(/\(pool = /);
    const seen = [...plan.matchAll(/Rows Removed by Filter: (\d+)/g)].map(([, rows]) => Number(rows));
    expect(Math.max(0, ...seen)).toBeLessThan(10);
    expect(plan).not.toContain('Seq Scan on triggers_task');
    const [claimed] = await rowsOf(store, 'task', `state = 'running' DESC`);
    expect(claimed).toMatchObject({ execution_id: due, state: 'running' });
  });

  it('claims a few of thousands without a look at the others, also when its plan was made for empty tables', async () => {
    const store = await kit().open();
    const engine = await FakeEngine.on(store);
    const { text, literals } = claimBy(engine, 4);
    const runner = store.dialect.writer.createQueryRunner();
    const planned = async (options: string): Promise<string> => {
      const lines: Record<string, string>[] = await runner.query(
        `EXPLAIN ${options} EXECUTE planned(${literals.join(', ')})`,
      );
      return lines.map((line) => line['QUERY PLAN']).join('\n');
    };
    await runner.startTransaction();
    await runner.query('SET LOCAL plan_cache_mode = force_generic_plan');
    await runner.query('SET LOCAL enable_seqscan = off');
    await runner.query(`PREPARE planned AS ${text}`);
    await planned('');
    await begin(store, { graph: Object.fromEntries(Array.from({ length: 2_000 }, (_, at) => [`t${at}`, []])) });
    const plan = await planned('(ANALYZE, TIMING OFF)');
    await runner.rollbackTransaction();
    await runner.release();
    const read = [...plan.matchAll(/Scan using \w+ on triggers_task .*actual rows=([\d.]+) loops=(\d+)/g)];
    expect(read.length).toBeGreaterThan(1);
    for (const [, rows, loops] of read) expect(Number(rows) * Number(loops)).toBeLessThan(20);
  });

  const claimBy = (
    engine: FakeEngine,
    slots: number,
  ): { readonly text: string; readonly literals: readonly string[] } => {
    const row = [engine.nodeId, 'token', slots, JSON.stringify(engine.declared), false, 'default', 0];
    const { text, values = [] } = new PostgresStatements(kit().clock).query(CLAIM, [row]);
    const literal = (value: unknown): string => (typeof value === 'string' ? `'${value}'` : String(value));
    const literals = values.map((value) => (Array.isArray(value) ? `ARRAY[${literal(value[0])}]` : literal(value)));
    return { text, literals };
  };
});
