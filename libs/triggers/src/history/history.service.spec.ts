import { newId } from '../model/ids.js';
import type { ExecutionId, NodeId } from '../model/ids.js';
import type { Store } from '../store/store.service.js';
import { DATABASES, Seed, openStore } from './history.contract.js';
import { HistoryService } from './history.service.js';

describe.each(DATABASES)('history on %s', (database) => {
  let store: Store;
  let history: HistoryService;
  let seed: Seed;

  beforeEach(async () => {
    store = await openStore(database);
    history = new HistoryService(store);
    seed = new Seed(store);
  });

  afterEach(() => store.close());

  // Cloacina case 20, Cloacina case 23
  it('lists executions newest first, page by page, without missing or repeating one', async () => {
    const ids: string[] = [];
    for (let made = 0; made < 5; made += 1) ids.unshift((await seed.execution()).id);
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await history.executions({}, { limit: 2, after });
      expect(page.total).toBe(5);
      seen.push(...page.items.map(({ id }) => id));
      after = page.next ?? undefined;
    } while (after !== undefined);
    expect(seen).toEqual(ids);
  });

  it('shows an execution in the shape of the contract', async () => {
    const at = new Date('2026-11-20T10:00:00.000Z');
    const { id, firingId } = await seed.execution({
      context: '{"filename":"a.csv"}',
      createdAt: at,
      startedAt: at,
      finishedAt: new Date(at.getTime() + 312),
    });
    const { items } = await history.executions({});
    expect(items).toEqual([
      {
        id,
        workflow: 'files',
        trigger: 'inbox',
        firingId,
        state: 'completed',
        context: { filename: 'a.csv' },
        error: null,
        replayOf: null,
        initiatedBy: null,
        createdAt: '2026-11-20T10:00:00.000Z',
        startedAt: '2026-11-20T10:00:00.000Z',
        finishedAt: '2026-11-20T10:00:00.312Z',
        durationMs: 312,
      },
    ]);
  });

  it.each([
    { filter: { state: 'failed' as const }, expected: ['failed'] },
    { filter: { workflow: 'reports' }, expected: ['reports'] },
    { filter: { trigger: 'nightly' }, expected: ['nightly'] },
    {
      filter: { from: new Date(Date.now() - 5_000), to: new Date(Date.now() + 60_000), workflow: 'files' },
      expected: ['failed', 'nightly'],
    },
    { filter: { to: new Date('2020-01-01') }, expected: [] },
  ])('filters executions by $filter', async ({ filter, expected }) => {
    const made = {
      failed: await seed.execution({ state: 'failed' }),
      reports: await seed.execution({ workflow: 'reports' }),
      nightly: await seed.execution({ trigger: 'nightly' }),
      old: await seed.execution({ createdAt: new Date('2026-01-01T00:00:00Z'), workflow: 'files2' }),
    };
    const { items, total } = await history.executions(filter);
    const names = Object.entries(made)
      .filter(([, { id }]) => items.some((item) => item.id === id))
      .map(([name]) => name);
    expect({ names, total }).toEqual({ names: expected, total: expected.length });
  });

  it('carries a context of 2 KiB whole and says of a longer one that it was cut', async () => {
    const fits = JSON.stringify({ text: 'x'.repeat(2_048 - '{"text":""}'.length) });
    await seed.execution({ context: fits });
    await seed.execution({ context: JSON.stringify({ text: 'ü'.repeat(1_100) }) });
    const [long, short] = (await history.executions({})).items;
    expect(short).toMatchObject({ context: JSON.parse(fits) });
    expect(short).not.toHaveProperty('contextTruncated');
    expect(long).toMatchObject({
      context: null,
      contextTruncated: true,
      contextPreview: expect.stringMatching(/^\{"text":"üü/),
    });
  });

  it('shows one execution with its tasks, attempts, callbacks, firing, replays and merged result', async () => {
    const node = await seed.node({ name: 'node-7' });
    const at = new Date('2026-11-20T10:00:00.000Z');
    const end = new Date(at.getTime() + 40);
    const { id, firingId } = await seed.execution({
      context: '{"file":{"name":"a"}}',
      state: 'failed',
      error: '{"name":"Error","message":"no","task":"second"}',
    });
    const failed = {
      attempt: 1,
      startedAt: at.toISOString(),
      finishedAt: end.toISOString(),
      error: { name: 'Error', message: 'once' },
      node: node.id,
    };
    await seed.task({
      executionId: id,
      task: 'second',
      ordinal: 1,
      output: '{"file":{"size":3}}',
      state: 'failed',
      attempt: 2,
      owner: node.id,
      startedAt: at,
      finishedAt: end,
      attempts: JSON.stringify([failed]),
      error: '{"name":"Error","message":"no"}',
      graph: '{"dependencies":["first"],"dependents":[],"ancestors":["first"]}',
    });
    await seed.task({
      executionId: id,
      task: 'first',
      ordinal: 0,
      output: '{"file":{"size":1},"rows":2}',
      callback: 'onSuccess',
      callbackState: 'completed',
    });
    const replay = await seed.execution({ replayOf: id });

    const detail = await history.execution(id);

    expect(detail).toMatchObject({
      id,
      input: { file: { name: 'a' } },
      result: { file: { size: 3 }, rows: 2 },
      replays: [replay.id],
      error: { name: 'Error', message: 'no', task: 'second' },
      firing: { id: firingId, executionIds: [id] },
    });
    expect(detail?.tasks.map(({ task }) => task)).toEqual(['first', 'second']);
    expect(detail?.tasks[0]).toMatchObject({
      callbacks: [{ kind: 'onSuccess', state: 'completed', error: null }],
      attempts: [],
    });
    expect(detail?.tasks[1]).toMatchObject({
      dependencies: ['first'],
      durationMs: 40,
      node: 'node-7',
      attempts: [
        { attempt: 1, error: { message: 'once' }, node: 'node-7' },
        { attempt: 2, error: { message: 'no' }, finishedAt: end.toISOString(), node: 'node-7' },
      ],
    });
  });

  it.each(['running', 'completed'] as const)(
    'counts an attempt that an operator asked for besides the failed ones of that number, %s',
    async (state) => {
      const at = new Date('2026-11-20T10:00:00.000Z');
      const { id } = await seed.execution();
      const failed = {
        attempt: 1,
        startedAt: at.toISOString(),
        finishedAt: at.toISOString(),
        error: { message: 'no' },
      };
      const startedAt = new Date(at.getTime() + 60_000);
      const attempts = JSON.stringify([{ ...failed, node: null }]);
      await seed.task({ executionId: id, task: 'first', state, attempt: 1, startedAt, attempts });
      expect((await history.execution(id))?.tasks[0]?.attempts).toMatchObject([
        { attempt: 1, error: { message: 'no' } },
        { attempt: 1, error: null, startedAt: startedAt.toISOString() },
      ]);
    },
  );

  it('tells no result before the end, and nothing of an execution that is not there', async () => {
    const { id } = await seed.execution({ state: 'running' });
    await seed.task({ executionId: id, task: 'first', output: '{"a":1}' });
    expect(await history.execution(id)).toMatchObject({ result: null });
    expect(await history.execution(newId<ExecutionId>())).toBeNull();
    expect(await history.ending(newId<ExecutionId>())).toBeNull();
  });

  it('shows firings, ticks and the audit of what is asked for', async () => {
    const firing = await seed.firing({ dedupLabel: 'sha256:ab', duplicates: 2, context: '{"a":1}' });
    await seed.firing({ state: 'held' });
    const tick = await seed.tick({
      count: 37,
      reason: 'inbox is empty',
      outcome: 'skipped',
      firingIds: JSON.stringify([firing.id]),
    });
    await seed.tick({ trigger: 'other' });
    const audit = await seed.audit({ details: '{"change":"off"}', reason: 'maintenance', address: '10.0.0.1' });
    await seed.audit({ actor: 'somebody' });

    expect((await history.firings({ state: 'accepted' })).items).toEqual([
      expect.objectContaining({
        id: firing.id,
        dedupKey: 'sha256:ab',
        duplicates: 2,
        context: { a: 1 },
        createdAt: firing.createdAt.toISOString(),
      }),
    ]);
    expect((await history.ticks({ trigger: 'inbox' })).items).toEqual([
      {
        id: tick.id,
        at: tick.at.toISOString(),
        lastAt: tick.lastAt.toISOString(),
        count: 37,
        outcome: 'skipped',
        reason: 'inbox is empty',
        durationMs: 1,
        firingIds: [firing.id],
      },
    ]);
    expect((await history.audit({ actor: 'ops' })).items).toEqual([
      {
        id: audit.id,
        at: audit.at.toISOString(),
        actor: 'ops',
        action: 'trigger.enable',
        target: 'inbox',
        reason: 'maintenance',
        address: '10.0.0.1',
        details: { change: 'off' },
      },
    ]);
  });

  it('gathers dead firings, rejected ones with a payload and failed executions in one list', async () => {
    const dead = await seed.firing({ state: 'dead', context: null });
    await seed.firing({ state: 'rejected', context: null });
    const rejected = await seed.firing({ state: 'rejected', context: '{"a":1}' });
    const failed = await seed.execution({ state: 'failed' });
    await seed.execution();

    const first = await history.deadLetters({}, { limit: 2 });
    expect(first).toMatchObject({
      total: 3,
      items: [
        { kind: 'execution', id: failed.id },
        { kind: 'firing', source: 'poll', id: rejected.id },
      ],
    });
    expect(await history.deadLetters({}, { limit: 2, after: first.next ?? '' })).toMatchObject({
      items: [{ id: dead.id }],
      next: null,
    });
  });

  it('knows the owner of a trigger by name, and nodes by their lease', async () => {
    const live = await seed.node({ name: 'a', workflows: '["files:ff"]' });
    await seed.node({ name: 'b', leaseUntil: new Date(Date.now() - 1_000) });
    await seed.trigger({ owner: live.id, cursor: '{"since":3}', polls: 120 });
    await seed.trigger({ name: 'lost', owner: newId<NodeId>() });
    expect(await history.triggers()).toMatchObject([
      { name: 'inbox', owner: 'a', cursor: { since: 3 }, counts: { polls: 120 } },
      { name: 'lost' },
    ]);
    expect(await history.trigger('nobody')).toBeNull();
    expect(await history.nodes()).toMatchObject({
      items: [
        { name: 'a', alive: true, workflows: ['files:ff'] },
        { name: 'b', alive: false },
      ],
    });
  });

  it('knows of each node what it runs and owns, and of pools what waits in those that no living node serves', async () => {
    const { id } = await seed.execution();
    const live = await seed.node({ name: 'a', pools: '["default","gpu"]' });
    const dead = await seed.node({ name: 'b', pools: '["cpu"]', leaseUntil: new Date(Date.now() - 1_000) });
    for (const [at, owner] of [live.id, live.id, dead.id].entries())
      await seed.task({ executionId: id, task: `r${at}`, state: 'running', owner });
    await seed.task({ executionId: id, task: 'done', state: 'completed', owner: live.id });
    for (const [at, pool] of ['gpu', 'cpu', 'cpu', 'tpu', 'default'].entries())
      await seed.task({ executionId: id, task: `w${at}`, state: 'ready', pool });
    await seed.task({ executionId: id, task: 'later', state: 'blocked', pool: 'blocked' });
    for (const name of ['x', 'y', 'z']) await seed.trigger({ name, owner: name === 'z' ? null : dead.id });
    const { items, unservedPools } = await history.nodes();
    expect(items.map(({ name, runningTasks, ownedTriggers }) => [name, runningTasks, ownedTriggers])).toEqual([
      ['a', 2, 0],
      ['b', 1, 2],
    ]);
    expect(unservedPools).toEqual([
      { pool: 'cpu', ready: 2 },
      { pool: 'tpu', ready: 1 },
    ]);
  });

  it('needs the same number of queries for one item as for many', async () => {
    for (let made = 0; made < 20; made += 1) await seed.execution();
    const reads = jest.spyOn(store.reader, 'createQueryBuilder');
    await history.executions({}, { limit: 1 });
    const forOne = reads.mock.calls.length;
    reads.mockClear();
    await history.executions({}, { limit: 19 });
    expect(reads.mock.calls.length).toBe(forOne);
  });

  it('says "unavailable" when the database is away', async () => {
    const away = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    jest.spyOn(store.reader, 'createQueryBuilder').mockImplementation(() => {
      throw away;
    });
    await expect(history.executions({})).rejects.toMatchObject({ code: 'TRG_STORE_UNAVAILABLE', cause: away });
  });
});
