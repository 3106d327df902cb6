import { MAX_DEPTH, causedBy } from '../model/causation.js';
import { TriggersError } from '../model/errors.js';
import { isId, newId } from '../model/ids.js';
import type { ExecutionId } from '../model/ids.js';
import type { FireItem } from '../model/trigger-result.js';
import type { FiringDraft } from '../store/commits/firing.draft.js';
import { TestClock } from '../testing/test-clock.js';
import type { InputCheck, WorkflowDefinition } from '../workflows/workflow.definition.js';
import { MAX_DEDUP_KEY, explicitKey, keyOfContext } from './dedup-key.js';
import { IDEMPOTENCY_KEY_MS } from './firing-claims.js';
import { directSource, sourceOf } from './firing-source.js';
import type { FiringExtras, FiringSource } from './firing-source.js';
import { IntakePipe } from './intake.pipe.js';
import type { ResolvedDedup, TriggerDefinition } from './trigger.definition.js';
import { plainTrigger } from './plain-trigger.contract.js';

class Order {
  constructor(readonly amount: unknown) {}
}

/** A workflow of two tasks; only what intake reads of it. */
function workflow(name = 'plain', input: InputCheck | null = null): WorkflowDefinition {
  const task = {
    ordinal: 0,
    dependencies: [],
    dependents: ['b'],
    ancestors: [],
    runWhen: 'allSucceeded',
    pool: 'default',
  };
  const tasks = [
    { ...task, id: 'a', retry: { attempts: 3 } },
    { ...task, id: 'b', ordinal: 1, dependencies: ['a'], dependents: [], ancestors: ['a'], retry: { attempts: 1 } },
  ];
  return { name, hash: `hash of ${name}`, input, tasks } as unknown as WorkflowDefinition;
}

/** An input that wants a number as `amount`. */
const AMOUNT: InputCheck = {
  instancesOf: Order,
  jsonSchema: () => null,
  problems: (context) => (typeof (context as Order).amount === 'number' ? [] : ['amount: must be a nu\u0007mber']),
};

function trigger(given: Partial<TriggerDefinition> = {}): TriggerDefinition {
  return plainTrigger({ workflows: [workflow()], ...given });
}

describe('IntakePipe', () => {
  const clock = new TestClock();
  const pipe = new IntakePipe(clock);
  const keep = (source: FiringSource, item: FireItem = {}, extras?: FiringExtras): Promise<FiringDraft> =>
    pipe.draft(source, item, 'keep', extras);
  const refusal = (source: FiringSource, item: FireItem, extras?: FiringExtras): Promise<unknown> =>
    pipe.draft(source, item, 'throw', extras).then(
      () => 'taken',
      (error: unknown) => error,
    );

  it('keeps an item that its filter, or an input, does not judge in time, and tells who can try again', async () => {
    const hang = (): Promise<never> => new Promise(() => undefined);
    const slow = workflow('slow', { jsonSchema: () => null, problems: hang });
    const own = new TestClock();
    for (const one of [trigger({ filter: hang }), trigger({ workflows: [slow] })]) {
      const judged = (onBad: 'keep' | 'throw'): Promise<FiringDraft> =>
        new IntakePipe(own).draft(sourceOf(one), { context: { a: 1 } }, onBad);
      const message = expect.stringContaining('Trigger "inbox": its code did not end within 10s') as unknown;
      const kept = expect(judged('keep')).resolves.toMatchObject({
        state: 'dead',
        context: '{"a":1}',
        reason: message,
      });
      const refused = expect(judged('throw')).rejects.toMatchObject({ code: 'TRG_TRIGGER_TIMEOUT', message });
      await own.advance(one.timeoutMs);
      await Promise.all([kept, refused]);
    }
  });

  it('drafts a firing whole: its row, its key, its executions with their tasks', async () => {
    const draft = await keep(sourceOf(trigger()), { context: { a: 1 } });
    const { bytes, label } = keyOfContext({ a: 1 });
    const [execution] = draft.executions;
    const ids = [draft.id, execution?.id, ...(execution?.tasks ?? []).map(({ id }) => id)];
    expect(ids.map((id) => isId(id ?? ''))).toEqual([true, true, true, true]);
    expect(new Set(ids).size).toBe(4);
    const place = (dependencies: string[], dependents: string[]) => ({ dependencies, dependents });
    expect(draft).toEqual({
      id: draft.id,
      trigger: 'inbox',
      kind: 'poll',
      state: 'accepted',
      context: '{"a":1}',
      reason: null,
      depth: 0,
      causedBy: null,
      runAfterMs: 0,
      priority: 0,
      initiatedBy: null,
      replayOf: null,
      scheduledFor: null,
      dedup: { space: 'inbox', key: bytes, label, scope: 'running', cooldown: true, windowMs: null, replay: false },
      idempotency: null,
      rate: null,
      gate: null,
      payload: null,
      letter: null,
      closes: [],
      delivery: null,
      replayOfLetter: null,
      executions: [
        {
          id: execution?.id,
          workflow: 'plain',
          hash: 'hash of plain',
          tasks: [
            {
              id: ids[2],
              task: 'a',
              ordinal: 0,
              place: { ...place([], ['b']), ancestors: [] },
              runWhen: 'allSucceeded',
              maxAttempts: 3,
              pool: 'default',
            },
            {
              id: ids[3],
              task: 'b',
              ordinal: 1,
              place: { ...place(['a'], []), ancestors: ['a'] },
              runWhen: 'allSucceeded',
              maxAttempts: 1,
              pool: 'default',
            },
          ],
        },
      ],
    });
  });

  it('starts every workflow of a trigger from one firing', async () => {
    const { executions } = await keep(sourceOf(trigger({ workflows: [workflow('a'), workflow('b')] })));
    expect(executions.map((execution) => execution.workflow)).toEqual(['a', 'b']);
  });

  describe('the dedup key', () => {
    const explicit = { label: 'k', key: explicitKey('k', 'x').bytes };
    const ofContext = { label: keyOfContext({}).label, key: keyOfContext({}).bytes };
    const running = { space: 'inbox', scope: 'running', cooldown: true, windowMs: null, replay: false };

    it.each<[string, ResolvedDedup, FireItem, object | null]>([
      ['the context, while it runs', { scope: 'running', cooldown: true }, {}, { ...running, ...ofContext }],
      ['without a cool-down', { scope: 'running', cooldown: false }, {}, { ...running, ...ofContext, cooldown: false }],
      ['a chosen key', { scope: 'running', cooldown: true }, { dedupKey: 'k' }, { ...running, ...explicit }],
      [
        'a window',
        { scope: 'window', windowMs: 5 },
        { dedupKey: 'k' },
        { ...running, ...explicit, scope: 'window', cooldown: false, windowMs: 5 },
      ],
      ['for ever', { scope: 'ever' }, {}, { ...running, ...ofContext, scope: 'ever', cooldown: false }],
      ['nothing where dedup is off', { scope: 'off' }, {}, null],
      ['a chosen key all the same', { scope: 'off' }, { dedupKey: 'k' }, { ...running, ...explicit, cooldown: false }],
    ])('is held by %s', async (_what, dedup, item, wish) => {
      expect((await keep(sourceOf(trigger({ dedup })), item)).dedup).toEqual(wish);
    });

    it('is none for a program that starts a workflow, unless it chooses one', async () => {
      const source = directSource(workflow());
      expect(await keep(source, {})).toMatchObject({ kind: 'direct', trigger: null, dedup: null, rate: null });
      const wish = { ...running, ...explicit, space: 'workflow:plain', cooldown: false };
      const chosen = await keep(source, { dedupKey: 'k' });
      expect(chosen.dedup).toEqual(wish);
      expect(chosen.executions).toMatchObject([{ workflow: 'plain' }]);
    });

    it('of a replay is the one that the firing had, unless there is a better one now', async () => {
      const key = { label: 'was', bytes: Buffer.alloc(16, 7) };
      const replayOf = newId<ExecutionId>();
      const draft = await keep(sourceOf(trigger()), {}, { replayOf, replayKey: key });
      expect(draft).toMatchObject({ replayOf, dedup: { label: 'was', key: key.bytes, replay: true } });
      const given = await keep(sourceOf(trigger()), { dedupKey: 'k' }, { replayOf, replayKey: key });
      expect(given.dedup).toMatchObject(explicit);
    });

    it('closes its dead letter, and that of the delivery that it came in', async () => {
      const closes = async (dedupKey: string, key?: string): Promise<string[]> => {
        const delivery = key === undefined ? undefined : ({ key, dedup: { scope: 'ever' } } as const);
        return (await keep(sourceOf(trigger()), { dedupKey }, { delivery })).closes.map(({ label }) => label);
      };
      expect([await closes('k', 'delivery'), await closes('k', 'k'), await closes('k')]).toEqual([
        ['k', 'delivery'],
        ['k'],
        ['k'],
      ]);
    });

    it.each<[string, ResolvedDedup, object | null]>([
      ['for as long as it is one event', { scope: 'window', windowMs: 5 }, { scope: 'window', windowMs: 5 }],
      ['for ever, where that is ever', { scope: 'ever' }, { scope: 'ever', windowMs: null }],
      ['never, where that ends with its execution', { scope: 'running', cooldown: true }, null],
      ['never, where dedup is off', { scope: 'off' }, null],
    ])('of the delivery that it came in is remembered %s', async (_what, dedup, remembered) => {
      const of = async (dedupKey: string) =>
        (await keep(sourceOf(trigger()), { dedupKey }, { delivery: { key: 'delivery', dedup } })).delivery;
      expect(await of('k')).toEqual(remembered && expect.objectContaining({ label: 'delivery', ...remembered }));
      expect(await of('delivery')).toBeNull();
    });

    it('of a replay is taken also where the trigger has turned dedup off', async () => {
      const replayKey = { label: 'was', bytes: Buffer.alloc(16, 7) };
      const draft = await keep(sourceOf(trigger({ dedup: { scope: 'off' } })), {}, { replayKey });
      expect(draft.dedup).toMatchObject({ label: 'was', scope: 'running', cooldown: false });
    });

    it('of what was filtered or rejected is free, whatever holds it otherwise', async () => {
      const forEver = { dedup: { scope: 'ever' } } as const;
      const filtered = sourceOf(trigger({ ...forEver, filter: () => false }));
      const rejected = sourceOf(trigger({ ...forEver, workflows: [workflow('checked', AMOUNT)] }));
      for (const source of [filtered, rejected]) expect((await keep(source, { dedupKey: 'k' })).dedup).toBeNull();
    });

    it.each<[string, ResolvedDedup, unknown, boolean]>([
      ['keeps its window', { scope: 'window', windowMs: 5 }, 'k', true],
      ['keeps it for ever', { scope: 'ever' }, 'k', true],
      ['keeps the longest key', { scope: 'ever' }, 'x'.repeat(MAX_DEDUP_KEY), true],
      ['holds none while running', { scope: 'running', cooldown: true }, 'k', false],
      ['holds none where dedup is off', { scope: 'off' }, 'k', false],
      ['holds none that nobody chose', { scope: 'ever' }, undefined, false],
      ['holds none that is empty', { scope: 'ever' }, '', false],
      ['holds none that is too long', { scope: 'ever' }, 'x'.repeat(MAX_DEDUP_KEY + 1), false],
      ['holds none that is no text', { scope: 'ever' }, 7, false],
    ])('of a dead firing %s', async (_what, dedup, dedupKey, kept) => {
      const draft = await keep(sourceOf(trigger({ dedup })), { context: { a: 1n }, dedupKey: dedupKey as string });
      expect(draft.state).toBe('dead');
      expect(draft.dedup?.label ?? null).toBe(kept ? dedupKey : null);
    });

    it('is refused with the name of its trigger when it cannot be one', async () => {
      expect(await refusal(sourceOf(trigger()), { dedupKey: '' })).toMatchObject({
        code: 'TRG_DEDUP_KEY',
        message: expect.stringContaining('Trigger "inbox"'),
      });
    });
  });

  it('keeps an Idempotency-Key for a day, apart for each user', async () => {
    const idempotency = { key: 'k', user: 'ann' };
    expect((await keep(sourceOf(trigger()), {}, { idempotency })).idempotency).toEqual({
      space: 'idempotency:inbox:ann',
      key: explicitKey('k', 'x').bytes,
      label: 'k',
      scope: 'window',
      cooldown: false,
      windowMs: IDEMPOTENCY_KEY_MS,
      replay: false,
    });
    expect(await refusal(sourceOf(trigger()), {}, { idempotency: { key: '', user: 'ann' } })).toMatchObject({
      code: 'TRG_DEDUP_KEY',
      message: expect.stringContaining('Trigger "inbox", Idempotency-Key'),
    });
  });

  it('takes the rate limit of its trigger, with what happens beyond it', async () => {
    const limited = trigger({ rateLimit: { limit: 2, perMs: 5 }, onLimit: 'skip' });
    expect((await keep(sourceOf(limited))).rate).toEqual({ space: 'inbox', limit: 2, perMs: 5, onLimit: 'skip' });
    expect((await keep(sourceOf(limited, { onLimit: 'refuse' }))).rate).toMatchObject({ onLimit: 'refuse' });
  });

  describe('when and how urgently', () => {
    const at = (ms: number): Date => new Date(clock.now() + ms);

    it.each([
      [{}, 0, 5],
      [{ runAt: at(90_000) }, 90_000, 5],
      [{ runAt: at(-90_000) }, 0, 5],
      [{ priority: 0 }, 0, 0],
      [{ priority: -(2 ** 31 - 1) }, 0, -(2 ** 31 - 1)],
      [{ priority: 2 ** 31 - 1 }, 0, 2 ** 31 - 1],
    ])('%j starts after %d ms with priority %d', async (item, runAfterMs, priority) => {
      expect(await keep(sourceOf(trigger({ priority: 5 })), item)).toMatchObject({ runAfterMs, priority });
    });

    it('is 0 for a program that says nothing, and for what starts nothing', async () => {
      expect(await keep(directSource(workflow()))).toMatchObject({ runAfterMs: 0, priority: 0 });
      const filtered = sourceOf(trigger({ filter: () => false, priority: 5 }));
      expect(await keep(filtered, { runAt: at(5), priority: 3 })).toMatchObject({ runAfterMs: 0, priority: 0 });
    });

    it.each<[string, object]>([
      ['runAt', { runAt: '2026-01-01' }],
      ['runAt', { runAt: new Date(Number.NaN) }],
      ['priority', { priority: 1.5 }],
      ['priority', { priority: Number.NaN }],
      ['priority', { priority: '1' }],
      ['priority', { priority: 2 ** 31 }],
      ['priority', { priority: -(2 ** 31) }],
    ])('refuses a %s of %j', async (option, item) => {
      expect(await refusal(sourceOf(trigger()), item)).toMatchObject({
        code: 'TRG_FIRE_OPTION',
        message: expect.stringContaining(`Trigger "inbox": "${option}"`),
      });
      expect((await keep(sourceOf(trigger()), item)).state).toBe('dead');
    });
  });

  describe('a context that breaks the rules', () => {
    it.each<[string, unknown, string | null]>([
      ['what JSON leaves of it', { a: 1, f: () => 1 }, '{"a":1}'],
      [
        'nothing of a circle',
        Object.assign(
          {},
          {
            get self(): unknown {
              return this;
            },
          },
        ),
        null,
      ],
      ['nothing with a key that is reserved', { $a: 1, f: () => 1 }, null],
      ['nothing of what is no object', 'text', null],
      ['2,048 characters', { a: 'x'.repeat(2_040), f: () => 1 }, `{"a":"${'x'.repeat(2_040)}"}`],
      ['nothing longer', { a: 'x'.repeat(2_041), f: () => 1 }, null],
    ])('is dead and shows %s', async (_what, context, shown) => {
      const draft = await keep(sourceOf(trigger()), { context: context as object });
      expect(draft).toMatchObject({ state: 'dead', context: shown, executions: [], idempotency: null, rate: null });
      expect(draft.reason).toContain('Trigger "inbox"');
    });

    it('keeps an empty context where none was given, so that it can be replayed', async () => {
      expect(await keep(sourceOf(trigger()), { dedupKey: '' })).toMatchObject({ state: 'dead', context: '{}' });
    });

    it('is refused to whoever can try again', async () => {
      expect(await refusal(sourceOf(trigger()), { context: { a: () => 1 } })).toMatchObject({
        code: 'TRG_CONTEXT_NOT_JSON',
        message: expect.stringContaining('Trigger "inbox": the context: "a"'),
      });
    });

    it('may have bigints where the trigger says so', async () => {
      const context = { n: 2n ** 60n };
      expect(await keep(sourceOf(trigger({ bigNumbers: 'string' })), { context })).toMatchObject({
        state: 'accepted',
        context: '{"n":"1152921504606846976"}',
      });
      expect(await refusal(directSource(workflow()), { context })).toMatchObject({ code: 'TRG_CONTEXT_BIG_NUMBER' });
    });
  });

  describe('the declared input', () => {
    const checked = trigger({ workflows: [workflow('other'), workflow('checked', AMOUNT)] });

    it('takes instances of its class as plain objects', async () => {
      expect(await keep(sourceOf(checked), { context: new Order(7) })).toMatchObject({
        state: 'accepted',
        context: '{"amount":7}',
      });
      expect((await keep(sourceOf(trigger()), { context: new Order(7) })).state).toBe('dead');
    });

    it('is bad where its check throws: nobody knows whether it fits', async () => {
      const poison = {
        ...AMOUNT,
        problems: () => {
          throw new Error('boom');
        },
      };
      const source = sourceOf(trigger({ workflows: [workflow('checked', poison)] }));
      expect(await refusal(source, { context: { amount: 1 } })).toMatchObject({
        code: 'TRG_CONTEXT_SCHEMA',
        message: 'Trigger "inbox": the context: its check threw: boom',
      });
      expect(await keep(source, { context: { amount: 1 } })).toMatchObject({ state: 'dead', context: '{"amount":1}' });
    });

    it('rejects what does not fit, with each problem once however many workflows have it', async () => {
      const both = sourceOf(trigger({ workflows: [workflow('a', AMOUNT), workflow('b', AMOUNT)] }));
      expect(await keep(both, { context: { amount: 'much' } })).toMatchObject({
        state: 'rejected',
        context: '{"amount":"much"}',
        reason: 'Trigger "inbox": the context does not fit the input. amount: must be a number',
        dedup: null,
        idempotency: null,
        rate: null,
        executions: [],
      });
      expect(await refusal(both, { context: {} })).toMatchObject({
        code: 'TRG_CONTEXT_SCHEMA',
        details: { fields: ['amount: must be a nu\u0007mber'] },
      });
    });

    it('judges also where one workflow among several declares none, and what a program gives', async () => {
      for (const source of [sourceOf(checked), directSource(workflow('checked', AMOUNT))]) {
        expect((await keep(source, { context: { amount: 'much' } })).state).toBe('rejected');
        expect((await keep(source, { context: { amount: 1 } })).state).toBe('accepted');
      }
    });

    it('asks no filter about what does not fit', async () => {
      const filter = jest.fn();
      const { state } = await keep(sourceOf({ ...checked, filter }), { context: {} });
      expect([state, filter.mock.calls]).toEqual(['rejected', []]);
    });
  });

  describe('the filter', () => {
    it.each([
      [true, 'accepted', null],
      [false, 'filtered', 'filter'],
    ])('that says %s leaves the firing %s', async (says, state, reason) => {
      const filter = jest.fn(async () => says);
      const context = { at: new Date(0) };
      expect(await keep(sourceOf(trigger({ filter })), { context })).toMatchObject({ state, reason });
      expect(filter).toHaveBeenCalledWith({ at: '1970-01-01T00:00:00.000Z' });
    });

    it('that throws makes a dead letter of the item, or an error of whoever can try again', async () => {
      const cause = new Error('broken');
      const filter = jest.fn().mockRejectedValue(cause);
      const reason = 'Trigger "inbox": the filter threw: broken';
      const context = { text: 'x'.repeat(50_000) };
      const kept = await keep(sourceOf(trigger({ filter })), { context });
      expect(kept).toMatchObject({ state: 'dead', reason, context: JSON.stringify(context) });
      expect(await refusal(sourceOf(trigger({ filter })), {})).toMatchObject({
        code: 'TRG_CONTEXT_FILTER',
        message: reason,
        cause,
      });
    });

    it('that finds the store away is no error of the item', async () => {
      const error = new TriggersError('TRG_STORE_UNAVAILABLE', 'away');
      const filter = jest.fn().mockRejectedValue(error);
      await expect(keep(sourceOf(trigger({ filter })))).rejects.toBe(error);
    });
  });

  describe('what was caused by an execution', () => {
    const executionId = newId<ExecutionId>();
    const deep = (depth: number, source = sourceOf(trigger())): Promise<FiringDraft> =>
      causedBy({ executionId, depth }, () => keep(source));

    it('says by which, one level deeper', async () => {
      expect(await deep(MAX_DEPTH - 1)).toMatchObject({ state: 'accepted', depth: MAX_DEPTH, causedBy: executionId });
    });

    it('is dead beyond the depth of a loop, with its context and without a claim', async () => {
      expect(await deep(MAX_DEPTH)).toMatchObject({
        state: 'dead',
        reason: 'loop',
        context: '{}',
        depth: MAX_DEPTH + 1,
        dedup: null,
        executions: [],
      });
    });

    it('stays filtered beyond that depth', async () => {
      expect((await deep(MAX_DEPTH, sourceOf(trigger({ filter: () => false })))).state).toBe('filtered');
    });
  });

  it('drafts what starts nothing as its source has decided: with the context, or without any', () => {
    const source = sourceOf(trigger());
    const reason = 'so\u0007';
    expect(pipe.settled(source, { context: { a: 1 } }, 'filtered', reason)).toMatchObject({
      ...{ state: 'filtered', context: '{"a":1}', reason: 'so', letter: null, executions: [] },
    });
    const rejected = { state: 'rejected', reason } as const;
    expect(pipe.unjudged(source, rejected, { context: { a: 1 }, dedupKey: 'k' }, { payload: '{' })).toMatchObject({
      ...{ state: 'rejected', context: null, reason: 'so', letter: { label: 'k', payload: '{' }, executions: [] },
    });
    expect(pipe.unjudged(source, rejected)).toMatchObject({ context: null, letter: { key: null, payload: null } });
  });

  it('looks at the switch of its trigger where its source asks for that', async () => {
    const disabled = trigger({ enabled: false });
    expect((await keep(sourceOf(disabled, { whenDisabled: 'hold' }))).gate).toEqual({
      ...{ declaredEnabled: false, whenDisabled: 'hold' },
    });
    expect((await keep(sourceOf(disabled))).gate).toBeNull();
  });

  it('says who asked, cleaned and cut, and for which instant', async () => {
    const scheduledFor = new Date(7);
    const initiatedBy = `a\u0007${'n'.repeat(300)}`;
    expect(await keep(sourceOf(trigger()), {}, { initiatedBy, scheduledFor })).toMatchObject({
      initiatedBy: `a${'n'.repeat(255)}`,
      scheduledFor: 7,
    });
    const item = { runAt: new Date(9) };
    expect(await keep(sourceOf(trigger()), item)).toMatchObject({ scheduledFor: 9 });
    expect(await keep(sourceOf(trigger()), item, { scheduledFor })).toMatchObject({ scheduledFor: 7 });
    const filtered = sourceOf(trigger({ filter: () => false }));
    expect(await keep(filtered, item)).toMatchObject({ scheduledFor: null });
  });
});
