import { firstIdAt, newId } from '../model/ids.js';
import type { FiringId } from '../model/ids.js';
import { FIRING } from '../store/commits/firing.commit.js';
import { recordAudit } from '../store/audit.repository.js';
import { draftOf } from '../store/contract/drafts.contract.js';
import type { Store } from '../store/store.service.js';
import { TestClock } from '../testing/test-clock.js';
import { DATABASES, gate, useEngineKit } from './engine.contract.js';
import type { ResolvedEngineOptions } from './engine.options.js';
import { BATCH, Pruner } from './pruner.service.js';
import { StoreAnswers } from './store-answers.contract.js';

const DAY_MS = 86_400_000;

describe.each(DATABASES)('the pruner on %s', (database) => {
  const kit = useEngineKit(database);

  it('deletes history after its retention, by itself, in batches, and keeps what failed longer', async () => {
    kit().clock.set(new Date());
    const node = await kit().boot([], { retention: { completed: '30d', failed: '90d' } });
    const fire = (state: 'filtered' | 'dead', id = newId<FiringId>()) =>
      node.store.commits.submit(FIRING, draftOf({ id, state }));
    await Promise.all([...Array.from({ length: 150 }, () => fire('filtered')), fire('dead')]);
    await kit().clock.advance(60_000);
    expect(await node.rows('firing')).toHaveLength(151);
    kit().clock.set(new Date(kit().clock.now() + 31 * DAY_MS));
    await fire('filtered', newId<FiringId>());
    await kit().clock.advance(60_000);
    expect((await node.rows('firing')).map((row) => row['state'])).toEqual(['dead']);
  });

  it('looks again after an hour at what it has kept', async () => {
    // Nothing else runs: an hour passes at once.
    const node = await kit().boot([], { autostart: false, retention: { completed: '30d', failed: '90d' } });
    const pruner = node.get(Pruner);
    const whole = Array.from({ length: BATCH }, () => draftOf({ state: 'dead' }));
    for (const draft of [...whole, draftOf({ state: 'filtered' })]) void node.store.commits.submit(FIRING, draft);
    await node.store.commits.whenIdle();
    kit().clock.set(new Date(Date.now() + 31 * DAY_MS));
    expect(await pruner.runOnce()).toMatchObject({ firings: 1 });
    kit().clock.set(new Date(kit().clock.now() + 60 * DAY_MS));
    await kit().clock.advance(3_000_000);
    expect(await pruner.runOnce()).toMatchObject({ firings: 0 });
    await kit().clock.advance(700_000);
    expect(await pruner.runOnce()).toMatchObject({ firings: BATCH });
    expect(await node.rows('firing')).toEqual([]);
  });

  it('deletes the record of what operators did after a year', async () => {
    const node = await kit().boot([], { autostart: false });
    const record = {
      actor: 'ann',
      action: 'trigger.poll',
      target: 'inbox',
      reason: null,
      address: null,
      details: null,
    };
    await node.store.change(() => recordAudit(record));
    kit().clock.set(new Date(Date.now() + 364 * DAY_MS));
    expect(await node.get(Pruner).runOnce()).toMatchObject({ audit: 0 });
    kit().clock.set(new Date(Date.now() + 366 * DAY_MS));
    expect(await node.get(Pruner).runOnce()).toMatchObject({ audit: 1 });
  });

  it('deletes nothing where everything is kept for ever', async () => {
    const node = await kit().boot([], {
      retention: { completed: 'forever', failed: 'forever', skips: 'forever', audit: 'forever' },
    });
    await node.store.commits.submit(FIRING, draftOf({ state: 'dead' }));
    kit().clock.set(new Date(Date.now() + 10_000 * DAY_MS));
    expect(await node.get(Pruner).runOnce()).toMatchObject({ firings: 0, ticks: 0 });
  });
});

describe('Pruner', () => {
  const EVERY_MS = 60_000;
  const WEEK_MS = 7 * DAY_MS;
  let clock: TestClock;
  let rows: StoreAnswers;
  let pruner: Pruner;
  const passes = (): number => rows.of('prune_nodes').length;
  const firings = (count: number): object[] =>
    Array.from({ length: count }, (_, at) => ({ id: `00${at + 10}`, state: 'filtered', executions: '[]' }));

  beforeEach(() => {
    clock = new TestClock();
    rows = new StoreAnswers();
    const retention = { completedMs: WEEK_MS, failedMs: null, skipsMs: DAY_MS, auditMs: 2 * WEEK_MS };
    pruner = new Pruner(rows as unknown as Store, clock, { retention } as ResolvedEngineOptions);
  });

  it('passes once a minute from its start to its stop', async () => {
    pruner.start();
    await clock.advance(EVERY_MS - 1);
    expect(passes()).toBe(0);
    await clock.advance(1 + 2 * EVERY_MS);
    expect(passes()).toBe(3);
    await pruner.stop();
    await clock.advance(EVERY_MS);
    expect([passes(), clock.timers]).toEqual([3, 0]);
  });

  it('passes again a minute after a pass that failed, and after one that was slow', async () => {
    rows.before = () => Promise.reject(new Error('away'));
    pruner.start();
    await clock.advance(EVERY_MS);
    const slow = gate();
    rows.before = () => slow.opened;
    await clock.advance(5 * EVERY_MS);
    expect(passes()).toBe(0);
    slow.open();
    await clock.advance(EVERY_MS);
    expect(passes()).toBe(2);
  });

  it('ends its pass with the batch that it is at when it is stopped, and its stop waits for that', async () => {
    const slow = gate();
    // Far more than one batch of everything.
    const left: Record<string, number> = {};
    const more = (name: string, answer: object[]) => () => ((left[name] = (left[name] ?? 9) - 1) < 0 ? [] : answer);
    rows.answers = {
      prune_find: more('firings', firings(BATCH)),
      prune_ticks: more('ticks', firings(BATCH)),
      prune_audit: more('audit', firings(BATCH)),
      prune_scan_keys: more('keys', Array(500).fill({ trigger: 't', key: 'k', over: 0 })),
      prune_rates: more('rates', firings(BATCH)),
      delivery_prune: more('deliveries', firings(BATCH)),
    };
    rows.before = () => slow.opened;
    pruner.start();
    await clock.advance(EVERY_MS);
    let stopped = false;
    const stop = pruner.stop().then(() => (stopped = true));
    await clock.settle();
    expect(stopped).toBe(false);
    slow.open();
    await stop;
    expect([rows.of('prune_find').length, passes(), clock.timers]).toEqual([1, 1, 0]);
    for (const name of ['prune_ticks', 'prune_audit', 'prune_scan_keys', 'prune_rates', 'delivery_prune'])
      expect([name, rows.of(name).length]).toEqual([name, 1]);
  });

  it('goes on where the last batch of firings ended, and begins anew after more than an hour', async () => {
    const found = [BATCH, 3, 0, BATCH, 0, 0];
    rows.answers = { prune_find: () => firings(found.shift() ?? 0), prune_lock: (_, ids) => firings(ids.length) };
    const before = firstIdAt(clock.now() - WEEK_MS);
    expect(await pruner.runOnce()).toMatchObject({ firings: BATCH + 3 });
    expect(rows.of('prune_find')).toEqual([
      ['', before, BATCH],
      ['0059', before, BATCH],
    ]);
    await clock.advance(60 * EVERY_MS);
    await pruner.runOnce();
    await clock.advance(1);
    await pruner.runOnce();
    await clock.advance(1);
    await pruner.runOnce();
    expect(rows.of('prune_find').map(([after]) => after)).toEqual(['', '0059', '0059', '', '0059', '0059']);
  });

  it('deletes skips and what operators did batch after batch, each after its own time', async () => {
    const found = { ticks: [BATCH, BATCH, 1], audit: [BATCH, 0] };
    rows.answers = {
      prune_ticks: () => firings(found.ticks.shift() ?? 0),
      prune_audit: () => firings(found.audit.shift() ?? 0),
    };
    expect(await pruner.runOnce()).toMatchObject({ firings: 0, ticks: 2 * BATCH + 1, keys: 0, audit: BATCH });
    const tick = [firstIdAt(clock.now() - DAY_MS), -DAY_MS, BATCH];
    expect(rows.of('prune_ticks')).toEqual([tick, tick, tick]);
    const record = [firstIdAt(clock.now() - 2 * WEEK_MS), BATCH];
    expect(rows.of('prune_audit')).toEqual([record, record]);
  });

  it('deletes rates and counts of deliveries batch after batch, and ends what was held too long', async () => {
    const found = { rates: [BATCH, 2], held: [BATCH, 3], deliveries: [BATCH, BATCH, 1] };
    const held = (): object[] => firings(found.held.shift() ?? 0).map((row) => ({ ...row, dedup_key: null }));
    rows.answers = {
      prune_rates: () => firings(found.rates.shift() ?? 0),
      held_overdue: held,
      held_expire: (_first, all) => all.map(([id]) => ({ id })),
      delivery_prune: () => firings(found.deliveries.shift() ?? 0),
    };
    expect(await pruner.runOnce()).toMatchObject({ rates: BATCH + 2, held: BATCH + 3, deliveries: 2 * BATCH + 1 });
    expect(rows.of('prune_rates').map(([, limit]) => limit)).toEqual([BATCH, BATCH]);
    expect(rows.of('delivery_prune').map(([, limit]) => limit)).toEqual([BATCH, BATCH, BATCH]);
  });

  it('asks for no skips and no records of operators where they are kept for ever', async () => {
    const retention = { completedMs: null, failedMs: null, skipsMs: null, auditMs: null };
    const keeper = new Pruner(rows as unknown as Store, clock, { retention } as ResolvedEngineOptions);
    expect(await keeper.runOnce()).toMatchObject({ firings: 0, ticks: 0, keys: 0, audit: 0 });
    expect(rows.names).not.toEqual(expect.arrayContaining(['prune_ticks']));
    expect(rows.names).not.toEqual(expect.arrayContaining(['prune_audit']));
  });

  it('may be stopped where it was never started', async () => {
    await expect(pruner.stop()).resolves.toBeUndefined();
  });

  it('looks at keys round and round, at most a hundred pages a pass', async () => {
    let key = 0;
    const prune_keys = (_: unknown, over: readonly unknown[]): object[] => [...(over as object[])];
    const page = (count: number) => () =>
      Array.from({ length: count }, (_, at) => ({ trigger: 't', key: (key += 1), over: at < 2 ? 1 : 0 }));
    rows.answers = { prune_scan_keys: page(500), prune_keys };
    expect(await pruner.runOnce()).toMatchObject({ keys: 200 });
    expect(rows.of('prune_scan_keys').length).toBe(100);
    rows.answers = { prune_scan_keys: page(499), prune_keys };
    expect(await pruner.runOnce()).toMatchObject({ keys: 2 });
    await pruner.runOnce();
    const scans = rows.of('prune_scan_keys');
    expect(scans.slice(0, 2).map(([trigger, at]) => [trigger, at])).toEqual([
      ['', Buffer.alloc(0)],
      ['t', 500],
    ]);
    expect(scans.slice(100).map(([trigger, at]) => [trigger, at])).toEqual([
      ['t', 50_000],
      ['', Buffer.alloc(0)],
    ]);
  });
});
