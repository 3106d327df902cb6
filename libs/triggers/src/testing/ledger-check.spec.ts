import { StoreKit } from '../store/contract/kit.contract.js';
import { draftOf, wish } from '../store/contract/drafts.contract.js';
import type { FiringDraft } from '../store/commits/firing.draft.js';
import { FakeEngine, begin, fire } from '../store/contract/work.contract.js';
import { declareTriggers } from '../store/trigger.repository.js';
import type { Store } from '../store/store.service.js';
import { checkLedger } from './ledger-check.js';

/** A record of an end of the first execution. */
function followUp(execution: string, state: string): string {
  return `INSERT INTO triggers_follow_up (id, execution_id, trigger, state, finished_at)
    SELECT 'u', ${execution}, 'after', '${state}', created_at FROM triggers_execution WHERE workflow = 'w1'`;
}

describe('checkLedger', () => {
  let kit: StoreKit;
  let store: Store;

  beforeEach(async () => {
    kit = await StoreKit.create(':memory:');
    store = await kit.open();
    const engine = await FakeEngine.on(store, 30_000);
    await begin(store, { dedup: wish('k'), workflows: 2, graph: { a: [], b: ['a'] } });
    await engine.claim(1);
  });
  afterEach(() => kit.close());

  it('finds nothing in a ledger as the store writes it', async () => {
    expect(await checkLedger(store)).toEqual([]);
  });

  it.each([
    ["UPDATE triggers_execution SET open_ends = 2 WHERE workflow = 'w1'", 'counts 2 open ends, but has 1'],
    ["UPDATE triggers_execution SET failed_tasks = 1 WHERE workflow = 'w1'", 'counts 1 failed tasks, but has 0'],
    [
      "UPDATE triggers_execution SET state = 'completed', finished_at = created_at WHERE workflow = 'w1'",
      'has ended with 2 open tasks',
    ],
    ["UPDATE triggers_execution SET finished_at = created_at WHERE workflow = 'w1'", 'finished at'],
    ["UPDATE triggers_task SET state = 'skipped' WHERE workflow = 'w1'", 'has no open task and did not end'],
    ["UPDATE triggers_task SET open_dependencies = 0 WHERE task = 'b'", 'waits for 0, but 1 are open'],
    ["UPDATE triggers_task SET skipped_dependencies = 1 WHERE task = 'b'", 'counts 2 of 1 dependencies'],
    ["UPDATE triggers_task SET state = 'blocked' WHERE task = 'a'", 'waits for nothing'],
    ["UPDATE triggers_task SET held_by = 'pause' WHERE task = 'b'", 'is held by no pause'],
    ["UPDATE triggers_execution SET state = 'paused'", 'is ready in a pause'],
    ["UPDATE triggers_task SET owner = 'nobody' WHERE state = 'running'", 'runs on nobody, which is dead'],
    ["UPDATE triggers_task SET lease_token = 't' WHERE state = 'ready'", 'has a token and does not run'],
    ['UPDATE triggers_firing SET open_executions = 1', 'counts 1 open executions, but has 2'],
    ['UPDATE triggers_firing SET failed_executions = 1', 'counts 1 failed ones, but has 0'],
    ["UPDATE triggers_firing SET state = 'dead'", 'has 2 executions'],
    ["DELETE FROM triggers_execution WHERE workflow = 'w2'", 'names 2 executions, but 1 are there'],
    ['DELETE FROM triggers_dedup', 'runs without its key'],
    ["UPDATE triggers_dedup SET expires_at = '2030-01-01T00:00:00.000Z'", 'runs on a key that expires'],
    ["UPDATE triggers_execution SET state = 'cancelled'", 'of which nothing runs'],
    ['DELETE FROM triggers_firing', 'has no firing'],
    ['UPDATE triggers_firing SET closed_at = created_at', '(accepted) is no dead letter, but closed at'],
    ["UPDATE triggers_firing SET closed_by = 'f'", 'was closed by f, but is open'],
    [
      "UPDATE triggers_firing SET state = 'dead', closed_at = created_at, closed_by = id",
      '(dead) was closed by a firing that is dead',
    ],
    ["UPDATE triggers_execution SET closed_at = created_at WHERE workflow = 'w1'", 'has not failed, but was closed at'],
    [followUp(`'nobody'`, 'failed'), 'follow-up u is of no execution'],
    [followUp('id', 'completed'), 'has completed, but it is running'],
    ["INSERT INTO triggers_rate (space, tat) VALUES ('t', 0)", 'the rate of t has its next token at 0'],
    ['UPDATE triggers_firing SET letter_until = created_at', '(accepted) is no dead letter, but one event until'],
  ])('finds what %s has broken', async (sql, problem) => {
    await store.dialect.writer.query(sql);
    expect(await checkLedger(store)).toEqual(expect.arrayContaining([expect.stringContaining(problem)]));
  });

  describe('of dead letters', () => {
    const event = wish('evt_1', { scope: 'window', windowMs: 1_000 });
    const letter = (windowMs: number | null): FiringDraft =>
      draftOf({
        state: 'rejected',
        context: null,
        letter: { key: event, windowMs, label: 'evt_1', payload: '{}', origin: null },
      });
    const accepted = (): FiringDraft => draftOf({ dedup: event, closes: [event] });

    it.each([
      ['one that was closed in time', 1_000, 999],
      ['one whose key is another event by now', 1_000, 1_000],
      ['one that is the same event for ever', null, 1_000],
    ])('finds nothing in %s', async (_what, windowMs, afterMs) => {
      await fire(store, letter(windowMs));
      await kit.clock.advance(afterMs);
      await fire(store, accepted());
      expect(await checkLedger(store)).toEqual([]);
    });

    it.each([
      [
        'a letter that was opened too late',
        'letter_until = created_at, closed_by = NULL',
        'has a key that was another event',
      ],
      [
        'a letter that a later event has closed',
        `letter_until = '1971-01-01T00:00:00.000Z', created_at = '1970-01-01T00:00:00.000Z'`,
        'which is of another event',
      ],
      ['a letter that nobody closed', 'closed_at = NULL, closed_by = NULL', 'was accepted later with its key'],
    ])('finds %s', async (_what, change, problem) => {
      await fire(store, letter(null));
      await kit.clock.advance(1);
      await fire(store, accepted());
      await store.dialect.writer.query(`UPDATE triggers_firing SET ${change} WHERE state = 'rejected'`);
      expect(await checkLedger(store)).toEqual([expect.stringContaining(problem)]);
    });
  });

  it('finds nothing in the record of a failure that was retried since', async () => {
    await store.dialect.writer.query(followUp('id', 'failed'));
    expect(await checkLedger(store)).toEqual([]);
  });

  it('finds a key for ever that was lost, as long as its trigger is there', async () => {
    await store.change(() => declareTriggers([{ name: 'inbox', kind: 'poll', aliases: [] }]));
    await begin(store, { dedup: wish('for ever', { scope: 'ever' }) });
    expect(await checkLedger(store)).toEqual([]);
    await store.dialect.writer.query(
      'DELETE FROM triggers_dedup WHERE firing_id = (SELECT max(id) FROM triggers_firing)',
    );
    expect(await checkLedger(store)).toEqual([
      expect.stringContaining('took key for ever for ever, but the key is free'),
    ]);
    await store.dialect.writer.query('DELETE FROM triggers_trigger');
    expect(await checkLedger(store)).toEqual([]);
  });
});
