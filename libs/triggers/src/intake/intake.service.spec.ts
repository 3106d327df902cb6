import { MAX_DEPTH, causedBy } from '../model/causation.js';
import type { ExecutionId } from '../model/ids.js';
import { newId } from '../model/ids.js';
import { DATABASES, gate } from '../engine/engine.contract.js';
import { rowsOf } from '../store/contract/kit.contract.js';
import { WorkflowRegistry } from '../workflows/workflow.registry.js';
import type { FireOutcome } from './fire.types.js';
import { keyOfContext } from './dedup-key.js';
import { behaviour, ran, useIntake } from './intake.contract.js';
import { PollIntake } from './poll-intake.js';
import type { PreparedFiring } from './poll-intake.js';

describe.each(DATABASES)('intake on %s', (database) => {
  const h = useIntake(database);
  const rows = async (): Promise<unknown[]> =>
    (await h().node.rows('firing')).map((row) => [row['state'], row['reason']]);

  // Cloacina T-1
  it('takes equal contexts with their keys in another order for one, while the first runs', async () => {
    const working = gate();
    behaviour.run = () => working.opened;
    const trigger = h().trigger();
    const first = await h().fire(trigger, { a: 1, b: { c: 2, d: 3 } });
    const second = await h().fire(trigger, { b: { d: 3, c: 2 }, a: 1 });
    expect(first.status).toBe('accepted');
    expect(second).toMatchObject({
      status: 'duplicate',
      firingId: first.firingId,
      executionIds: first.executionIds,
      state: 'accepted',
    });
    working.open();
    await h().kit.clock.advance(2_000);
    expect((await h().node.rows('firing'))[0]?.['duplicates']).toBe(1);
  });

  // Cloacina T-2
  it('takes the same context again when its execution has completed', async () => {
    const trigger = h().trigger();
    for (let round = 0; round < 3; round += 1) {
      expect((await h().fire(trigger, { same: true })).status).toBe('accepted');
      await h().kit.clock.settle();
    }
    expect(ran).toHaveLength(3);
  });

  // Cloacina T-3
  it('takes a fire without context three times, each when the one before has ended', async () => {
    const trigger = h().trigger();
    for (let round = 0; round < 3; round += 1) {
      expect((await h().fire(trigger)).status).toBe('accepted');
      await h().kit.clock.settle();
    }
    expect(ran).toEqual([{}, {}, {}]);
  });

  // Cloacina case 2
  it('takes a fire without context for one with an empty context', async () => {
    const working = gate();
    behaviour.run = () => working.opened;
    const trigger = h().trigger();
    const first = await h().fire(trigger);
    expect(await h().fire(trigger, {})).toMatchObject({ status: 'duplicate', firingId: first.firingId });
    expect((await h().fire(trigger, { a: null })).status).toBe('accepted');
    working.open();
    await h().kit.clock.settle();
  });

  // Cloacina T-4
  it('takes the same context twice at once where dedup is off', async () => {
    const working = gate();
    behaviour.run = () => working.opened;
    const trigger = h().trigger({ dedup: { scope: 'off' } });
    const outcomes = await Promise.all([h().fire(trigger, { a: 1 }), h().fire(trigger, { a: 1 })]);
    expect(outcomes.map(({ status, dedupKey }) => [status, dedupKey])).toEqual([
      ['accepted', null],
      ['accepted', null],
    ]);
    working.open();
    await h().kit.clock.settle();
    expect(ran).toHaveLength(2);
  });

  // Cloacina T-12
  it('lets two triggers fire the same context', async () => {
    const working = gate();
    behaviour.run = () => working.opened;
    const outcomes = [
      await h().fire(h().trigger({ name: 'a' }), { x: 1 }),
      await h().fire(h().trigger({ name: 'b' }), { x: 1 }),
    ];
    expect(outcomes.map(({ status }) => status)).toEqual(['accepted', 'accepted']);
    working.open();
    await h().kit.clock.settle();
  });

  // Cloacina T-14, Cloacina case 116
  it('refuses a reserved key with its path and stores nothing', async () => {
    const reserved = JSON.parse('{"a":{"__proto__":{"x":1}}}') as object;
    await expect(h().fire(h().trigger(), reserved)).rejects.toMatchObject({
      code: 'TRG_CONTEXT_RESERVED_KEY',
      details: { path: 'a.__proto__' },
      message: expect.stringContaining('Trigger "inbox"'),
    });
    expect(await rows()).toEqual([]);
  });

  it('answers a failed one that cools down with the instant', async () => {
    behaviour.run = () => {
      throw new Error('broken');
    };
    const trigger = h().trigger();
    await h().fire(trigger, { a: 1 });
    await h().kit.clock.settle();
    const until = new Date(h().kit.clock.now() + 60_000).toISOString();
    expect(await h().fire(trigger, { a: 1 })).toMatchObject({
      status: 'duplicate',
      reason: `cooling down until ${until}`,
    });
  });

  it('says where an input does not fit, to whoever can try again', async () => {
    await expect(h().fire(h().trigger({ workflow: 'checked' }), { amount: 'much' })).rejects.toMatchObject({
      code: 'TRG_CONTEXT_SCHEMA',
      details: { fields: [expect.stringContaining('amount')] },
    });
    expect(ran).toEqual([]);
  });

  it('keeps what nobody can send again: bad items as dead or rejected, the others fire, in their order', async () => {
    const trigger = h().trigger({ workflow: 'checked', dedup: { scope: 'off' }, kind: 'poll' });
    const polls = h().node.get(PollIntake);
    await polls.declare([{ name: 'inbox', kind: 'poll', aliases: [] }]);
    const [stored] = await polls.acquire(['inbox']);
    const drafts = await polls.prepare(trigger, [
      { context: { amount: 1 } },
      { context: { amount: 'x' } },
      { context: { amount: 1n } },
      { context: { amount: 2 }, dedupKey: '' },
      { context: { amount: 3 } },
    ]);
    expect(drafts.map(({ state }) => state)).toEqual(['accepted', 'rejected', 'dead', 'dead', 'accepted']);
    const written = await polls.commit({
      trigger: 'inbox',
      epoch: stored?.epoch ?? -1,
      cursorVersion: 0,
      declaredEnabled: true,
      cursor: '"next"',
      drafts,
      counts: { polls: 1, skips: 0, duplicates: 0, failures: 0 },
      consecutiveFailures: 0,
      lastError: null,
      suspends: false,
      lastPollAgoMs: 0,
      ticks: [],
      flush: false,
    });
    expect(written).toMatchObject({
      status: 'committed',
      outcomes: drafts.map(({ id, state }) => ({ firingId: id, status: state })),
    });
    await h().kit.clock.settle();
    expect(ran).toEqual([{ amount: 1 }, { amount: 3 }]);
    const names = ['firing.accepted', 'firing.rejected', 'firing.dead', 'firing.dead', 'firing.accepted'];
    expect(h().node.events.all.filter(({ name }) => name.startsWith('firing'))).toMatchObject(
      drafts.map(({ id, reason }, at) => ({
        name: names[at],
        trigger: 'inbox',
        firingId: id,
        ...(reason !== null && { reason }),
      })),
    );
  });

  // Cloacina case 33
  it('filters by the context as tasks see it, and leaves a row', async () => {
    const seen: unknown[] = [];
    const filter = (context: object): boolean => (seen.push(context), false);
    const trigger = h().trigger({ filter, rateLimit: { limit: 1, perMs: 60_000 } });
    for (let repeat = 0; repeat < 3; repeat += 1) {
      expect(await h().fire(trigger, { at: new Date(0) })).toMatchObject({
        status: 'filtered',
        executionIds: [],
        dedupKey: null,
      });
    }
    expect(seen[0]).toEqual({ at: '1970-01-01T00:00:00.000Z' });
    expect(await rows()).toEqual([
      ['filtered', 'filter'],
      ['filtered', 'filter'],
      ['filtered', 'filter'],
    ]);
    expect(h().node.events.all.filter(({ name }) => name.startsWith('firing'))).toEqual([]);
    expect((await h().fire({ ...trigger, filter: () => true })).status).toBe('accepted');
  });

  // Cloacina case 113
  it('is told of a filter that throws: to whoever can try again, else by a dead letter of that item', async () => {
    const filter = (): boolean => {
      throw new Error('no such field');
    };
    const trigger = h().trigger({ filter, kind: 'poll' });
    await expect(h().fire(trigger, { a: 1 })).rejects.toMatchObject({
      code: 'TRG_CONTEXT_FILTER',
      message: 'Trigger "inbox": the filter threw: no such field',
    });
    const prepared = await h()
      .node.get(PollIntake)
      .prepare(trigger, [{ context: { a: 1 } }]);
    expect(prepared).toMatchObject([
      { state: 'dead', context: '{"a":1}', reason: expect.stringContaining('no such field') as unknown },
    ]);
    expect(await rows()).toEqual([]);
  });

  // Review 3
  it('refuses beyond the rate, says how long to wait, and takes the repeat', async () => {
    const trigger = h().trigger({ rateLimit: { limit: 1, perMs: 60_000 } });
    await h().fire(trigger, { n: 1 });
    expect(await h().fire(trigger, { n: 2 })).toMatchObject({
      status: 'limited',
      state: 'limited',
      delayedMs: 60_000,
      executionIds: [],
    });
    await h().kit.clock.advance(60_000);
    expect((await h().fire(trigger, { n: 2 })).status).toBe('accepted');
  });

  it('starts no earlier than "runAt"', async () => {
    const outcome = await h().fire(h().trigger(), {}, { runAt: new Date(h().kit.clock.now() + 90_000) });
    expect(outcome).toMatchObject({ status: 'accepted', delayedMs: 90_000 });
    await h().kit.clock.advance(89_000);
    expect(ran).toEqual([]);
    await h().kit.clock.advance(2_000);
    expect(ran).toHaveLength(1);
  });

  it('ends a circle of workflows that fire each other at depth 16, and keeps no key of its end', async () => {
    const trigger = h().trigger({ dedup: { scope: 'running', cooldown: true } });
    const outcomes: string[] = [];
    let n = 0;
    behaviour.run = async () => {
      n += 1;
      outcomes.push((await h().fire(trigger, { n })).status);
    };
    await h().fire(trigger, { n });
    await h().kit.clock.advance(1_000);
    expect(outcomes).toEqual([...Array.from({ length: MAX_DEPTH }, () => 'accepted'), 'dead']);
    const [last] = (await h().node.rows('firing')).slice(-1);
    expect(last).toMatchObject({ state: 'dead', reason: 'loop', depth: MAX_DEPTH + 1 });
    behaviour.run = () => undefined;
    expect((await h().fire(trigger, { n })).status).toBe('accepted');
  });

  it('knows who caused a firing', async () => {
    const executionId = newId<ExecutionId>();
    await causedBy({ executionId, depth: 4 }, () => h().fire(h().trigger()));
    expect(await h().node.rows('firing')).toMatchObject([{ caused_by: executionId, depth: 5 }]);
  });

  it('starts a workflow for a program, which says who asked', async () => {
    const workflow = h().node.get(WorkflowRegistry).require('plain');
    const started = await h().intake.start({ workflow, context: { a: 1 }, initiatedBy: 'ann', priority: 3 });
    expect(started).toMatchObject({ status: 'accepted', dedupKey: null, reason: null, delayedMs: 0 });
    await h().kit.clock.settle();
    expect([ran, await h().node.rows('firing')]).toMatchObject([
      [{ a: 1 }],
      [{ kind: 'direct', trigger: null, initiated_by: 'ann' }],
    ]);
  });

  it('refuses to start a workflow with a context that does not fit, and keeps nothing', async () => {
    const workflow = h().node.get(WorkflowRegistry).require('checked');
    await expect(h().intake.start({ workflow, context: { amount: 'much' } })).rejects.toMatchObject({
      code: 'TRG_CONTEXT_SCHEMA',
    });
    expect(await rows()).toEqual([]);
  });

  it('gives up at the deadline of the database, and says for which instant it fires', async () => {
    const { commits, options } = h().node.store;
    const submit = jest.spyOn(commits, 'submit');
    await h().fire(h().trigger(), {}, { scheduledFor: new Date(7), initiatedBy: 'ann' });
    expect(submit).toHaveBeenCalledWith(
      expect.anything(),
      expect.objectContaining({ scheduledFor: 7, initiatedBy: 'ann' }),
      { deadlineMs: options.commitDeadlineMs },
    );
    await h().kit.clock.settle();
  });

  it('calls what is debounced held', async () => {
    const [draft] = await h().node.get(PollIntake).prepare(h().trigger(), [{}]);
    const verdict = { status: 'stored', state: 'debounced', executionIds: [], delayedMs: 0 } as const;
    const { id: firingId } = draft as PreparedFiring;
    expect(h().intake.conclude(draft as PreparedFiring, { ...verdict, firingId })).toMatchObject({
      status: 'held',
      state: 'debounced',
      firingId,
    });
  });

  it('counts on the trigger what was fired, and what was fired before', async () => {
    const working = gate();
    behaviour.run = () => working.opened;
    const trigger = h().trigger({ filter: (context) => !('no' in context) });
    await h().fire(trigger, { a: 1 });
    await h().fire(trigger, { a: 1 });
    await h().fire(trigger, { a: 1 });
    await h().fire(trigger, { no: true });
    await h().kit.clock.advance(1_000);
    const [row] = await rowsOf(h().node.store, 'trigger');
    expect([row?.['fires'], row?.['duplicates']].map(Number)).toEqual([1, 2]);
    const told = h().node.events.all.filter(({ name }) => name === 'firing.duplicate');
    const [original] = await h().node.rows('firing');
    expect(told).toMatchObject([{ trigger: 'inbox', firingId: original?.['id'] }, { trigger: 'inbox' }]);
    working.open();
    await h().kit.clock.settle();
  });

  describe('a request with an Idempotency-Key', () => {
    const idempotency = { key: 'k', user: 'ann' };
    const send = (context: object, user = 'ann'): Promise<FireOutcome> =>
      h().fire(h().trigger({ dedup: { scope: 'off' } }), context, { idempotency: { ...idempotency, user } });

    it('gets the answer that it got before, whatever the order of its keys, and each user his own', async () => {
      const first = await send({ a: 1, b: 2 });
      expect(await send({ b: 2, a: 1 })).toMatchObject({ status: 'duplicate', firingId: first.firingId });
      expect((await send({ a: 1, b: 2 }, 'bob')).status).toBe('accepted');
      await h().kit.clock.settle();
      expect(ran).toHaveLength(2);
    });

    it('is refused with another context, and told which firing has the key', async () => {
      const first = await send({ a: 1 });
      await expect(send({ a: 2 })).rejects.toMatchObject({
        code: 'TRG_API_IDEMPOTENCY',
        details: { firingId: first.firingId },
      });
      await h().kit.clock.settle();
    });

    it('is known by what was sent where that is not the context', async () => {
      const trigger = h().trigger({ dedup: { scope: 'off' } });
      const sendAs = (payload: string, context: object) => h().fire(trigger, context, { idempotency, payload });
      const first = await sendAs('{"a":1,"b":2}', { call: 1 });
      const again = await sendAs('{"b":2,"a":1}', { call: 2 });
      expect(again).toMatchObject({ status: 'duplicate', firingId: first.firingId });
      await expect(sendAs('{"a":2}', { call: 1 })).rejects.toMatchObject({ code: 'TRG_API_IDEMPOTENCY' });
      await h().kit.clock.settle();
      expect(ran).toEqual([{ call: 1 }]);
    });

    it('gets the id of a firing that is pruned, whose context nobody knows any more', async () => {
      const first = await send({ a: 1 });
      await h().kit.clock.settle();
      for (const table of ['task', 'execution', 'firing'])
        await h().node.store.dialect.writer.query(`DELETE FROM triggers_${table}`);
      expect(await send({ a: 2 })).toMatchObject({ status: 'duplicate', state: 'pruned', firingId: first.firingId });
    });

    it('may be told of a duplicate of its dedup key with another context', async () => {
      const working = gate();
      behaviour.run = () => working.opened;
      const first = await h().fire(h().trigger(), { a: 1 }, { dedupKey: 'd' });
      const second = await h().fire(h().trigger(), { a: 2 }, { dedupKey: 'd', idempotency });
      expect(second).toMatchObject({ status: 'duplicate', firingId: first.firingId });
      working.open();
      await h().kit.clock.settle();
    });
  });

  it('replays with another context, by a trigger that has another name now, and by none', async () => {
    const { executionIds: byTrigger } = await h().fire(h().trigger(), { n: 1 });
    const workflow = h().node.get(WorkflowRegistry).require('plain');
    const { executionIds: byProgram } = await h().intake.start({ workflow, context: { n: 2 } });
    await h().kit.clock.settle();
    const replay = (id: ExecutionId | undefined, options?: object) => h().intake.replay(id as ExecutionId, options);
    expect(await replay(byTrigger[0], { edited: { n: 3 } })).toMatchObject({ dedupKey: keyOfContext({ n: 3 }).label });
    await h().kit.clock.settle();
    h().undeclare('inbox');
    h().trigger({ name: 'mail', aliases: ['inbox'] });
    await replay(byTrigger[0]);
    await replay(byProgram[0]);
    await h().kit.clock.settle();
    expect(ran).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }, { n: 1 }, { n: 2 }]);
    const kinds = (await h().node.rows('firing')).map((row) => row['kind']);
    expect(kinds).toEqual(['manual', 'direct', 'manual', 'manual', 'direct']);
    expect((await h().node.rows('firing')).map((row) => row['trigger'])).toEqual([
      'inbox',
      null,
      'inbox',
      'mail',
      null,
    ]);
  });

  it('cannot replay what a trigger has fired that is not declared: nothing starts past its rules', async () => {
    const {
      executionIds: [id],
    } = await h().fire(h().trigger(), { n: 1 });
    await h().kit.clock.settle();
    h().undeclare('inbox');
    await expect(h().intake.replay(id as ExecutionId)).rejects.toMatchObject({
      code: 'TRG_API_CONFLICT',
      message: expect.stringMatching(/does not declare trigger "inbox".*"aliases"/),
    });
    expect(await h().node.rows('firing')).toHaveLength(1);
  });

  it('cannot replay what still runs, whoever has its key', async () => {
    const working = gate();
    behaviour.run = () => working.opened;
    const {
      executionIds: [id],
    } = await h().fire(h().trigger({ dedup: { scope: 'off' } }));
    await expect(h().intake.replay(id as ExecutionId)).rejects.toMatchObject({
      code: 'TRG_API_CONFLICT',
      message: expect.stringContaining('only an ended one'),
    });
    working.open();
    await h().kit.clock.settle();
  });

  it('lets a replay wait for the rate limit that would refuse a fire', async () => {
    const {
      executionIds: [id],
    } = await h().fire(h().trigger({ rateLimit: { limit: 1, perMs: 60_000 }, onLimit: 'skip' }));
    await h().kit.clock.settle();
    expect(await h().intake.replay(id as ExecutionId)).toMatchObject({ status: 'accepted', delayedMs: 60_000 });
  });

  it('cannot replay what no workflow declares any more', async () => {
    const {
      executionIds: [id],
    } = await h().fire(h().trigger());
    await h().kit.clock.settle();
    const get = jest.spyOn(h().node.get(WorkflowRegistry), 'get').mockReturnValue(undefined);
    await expect(h().intake.replay(id as ExecutionId)).rejects.toMatchObject({
      code: 'TRG_API_CONFLICT',
      message: expect.stringContaining('No workflow "plain"'),
    });
    get.mockRestore();
  });

  it('replays an ended execution with its context and key, and refuses while it or another runs', async () => {
    const working = gate();
    behaviour.run = () => working.opened;
    const trigger = h().trigger();
    const {
      executionIds: [id],
    } = await h().fire(trigger, { file: 'a' }, { dedupKey: 'a' });
    await expect(h().intake.replay(id as ExecutionId)).rejects.toMatchObject({ code: 'TRG_API_CONFLICT' });
    working.open();
    await h().kit.clock.settle();
    const again = gate();
    behaviour.run = () => again.opened;
    expect(await h().intake.replay(id as ExecutionId, { initiatedBy: 'ann' })).toMatchObject({
      status: 'accepted',
      dedupKey: 'a',
    });
    const holder = (await h().node.rows('firing')).at(-1);
    await expect(h().intake.replay(id as ExecutionId)).rejects.toMatchObject({
      code: 'TRG_API_CONFLICT',
      details: { holder: holder?.['id'], executionIds: JSON.parse(holder?.['executions'] as string) as unknown },
    });
    const unknown = newId<ExecutionId>();
    await expect(h().intake.replay(unknown)).rejects.toMatchObject({
      code: 'TRG_API_EXECUTION_NOT_FOUND',
      details: { executionId: unknown },
    });
    again.open();
    await h().kit.clock.settle();
    expect(ran).toEqual([{ file: 'a' }, { file: 'a' }]);
    expect((await h().node.rows('execution')).at(-1)).toMatchObject({ replay_of: id, initiated_by: 'ann' });
  });

  it.each(['\u0007bell', 'sha256:0123'])('replays with the key %p as it was', async (dedupKey) => {
    const trigger = h().trigger();
    const {
      executionIds: [id],
    } = await h().fire(trigger, { file: 'a' }, { dedupKey });
    await h().kit.clock.settle();
    const working = gate();
    behaviour.run = () => working.opened;
    await h().fire(trigger, { file: 'a' }, { dedupKey });
    await expect(h().intake.replay(id as ExecutionId)).rejects.toMatchObject({ code: 'TRG_API_CONFLICT' });
    working.open();
    await h().kit.clock.settle();
  });
});
