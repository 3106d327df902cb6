import { newId } from '../model/ids.js';
import type { ExecutionId, FiringId } from '../model/ids.js';
import type { FiringState } from '../model/states.js';
import type { FireItem } from '../model/trigger-result.js';
import type { WorkflowDefinition } from '../workflows/workflow.definition.js';
import { MAX_DEDUP_KEY, explicitKey } from './dedup-key.js';
import { claimsOf } from './firing-claims.js';
import { directSource, sourceOf } from './firing-source.js';
import type { FiringExtras, FiringSource } from './firing-source.js';
import { plainTrigger } from './plain-trigger.contract.js';

const WORKFLOW = { name: 'plain', hash: 'h', input: null, tasks: [] } as unknown as WorkflowDefinition;
const EVER = { scope: 'ever' } as const;
const EVENT = { key: 'evt_1', dedup: EVER };
const keyOf = (key: string) => ({ key: explicitKey(key, '').bytes, label: key });
const was = (key: string) => ({ bytes: explicitKey(key, '').bytes, label: `was ${key}` });

describe('what a firing claims', () => {
  const inbox = sourceOf(plainTrigger({ workflows: [WORKFLOW] }), { whenDisabled: 'hold' });
  const claims = (extras: FiringExtras = {}, item: FireItem = {}, source: FiringSource = inbox) =>
    claimsOf(source, item, { state: 'accepted', json: '{}', reason: null }, extras);
  const refused = (state: FiringState, extras: FiringExtras = {}, item: FireItem = {}, source = inbox) =>
    claimsOf(source, item, { state, json: '{}', reason: 'so' }, extras);

  it('is next to nothing where nothing starts', () => {
    const nothing = { dedup: null, idempotency: null, delivery: null, payload: null, rate: null, gate: null };
    const rest = { ...nothing, executions: [], closes: [] };
    const given = { delivery: EVENT, guard: { key: 'g', windowMs: 5 }, payload: '{}' };
    expect(refused('filtered', given, { dedupKey: 'k' })).toEqual({ ...rest, letter: null });
    for (const state of ['dead', 'rejected'] as const)
      expect(refused(state, given, { dedupKey: 'k' })).toMatchObject({ ...rest, letter: { payload: '{}' } });
  });

  it('is what was sent, where somebody asks for that later', () => {
    const keeping = sourceOf(plainTrigger({ keepsPayload: true }));
    const idempotency = { key: 'k', user: 'ann' };
    expect(claims({ payload: '{}' }).payload).toBeNull();
    expect(claims({ payload: '{}', idempotency }).payload).toBe('{}');
    expect(claims({ payload: '{}' }, {}, keeping).payload).toBe('{}');
    expect(claims({}, {}, keeping).payload).toBeNull();
    expect(claims({ payload: '{}' }, {}, directSource(WORKFLOW)).payload).toBeNull();
  });

  it('is a second key that keeps a second click away, where that is no key of a sender', () => {
    const guard = { key: 'ann:{}', windowMs: 2_000 };
    expect(claims({ guard }).idempotency).toEqual({
      ...keyOf('ann:{}'),
      space: 'guard:inbox',
      scope: 'window',
      cooldown: false,
      windowMs: 2_000,
      replay: false,
    });
    const idempotency = { key: 'k', user: 'ann' };
    expect(claims({ guard, idempotency }).idempotency).toMatchObject({ space: 'idempotency:inbox:ann', label: 'k' });
    expect(claims().idempotency).toBeNull();
    expect(() => claims({ guard: { ...guard, key: '' } })).toThrow(
      expect.objectContaining({ message: expect.stringContaining('Trigger "inbox", guard') }),
    );
  });

  describe('of the delivery that it came in', () => {
    const letters = (extras: FiringExtras, item?: FireItem, source?: FiringSource): unknown[] =>
      claims(extras, item, source).closes.map(({ space, label }) => [space, label]);

    it('is its key, where it has another one of its own', () => {
      expect(claims({ delivery: EVENT }, { dedupKey: 'k' }).delivery).toEqual({
        ...keyOf('evt_1'),
        space: 'inbox',
        scope: 'ever',
        cooldown: false,
        windowMs: null,
        replay: false,
      });
      expect(claims({ delivery: EVENT }, { dedupKey: 'evt_1' }).delivery).toBeNull();
      expect(claims({ delivery: EVENT, replayKey: was('evt_1') }).delivery).toBeNull();
      expect(claims({ delivery: EVENT }).delivery).toMatchObject({ label: 'evt_1' });
      expect(claims({}, { dedupKey: 'k' }).delivery).toBeNull();
    });

    it('is its dead letter beside that of the own key, each once', () => {
      expect(letters({ delivery: EVENT }, { dedupKey: 'k' })).toEqual([
        ['inbox', 'k'],
        ['inbox', 'evt_1'],
      ]);
      expect(letters({ delivery: EVENT }, { dedupKey: 'evt_1' })).toEqual([['inbox', 'evt_1']]);
      expect(letters({ delivery: EVENT, replayKey: was('evt_1') })).toEqual([['inbox', 'was evt_1']]);
      expect(letters({ delivery: EVENT })).toEqual([['inbox', 'evt_1']]);
      expect(letters({})).toEqual([]);
    });

    it('is not its dead letter, where that is what is replayed: the replay closes it', () => {
      const replayOfLetter = newId<FiringId>();
      expect(letters({ delivery: EVENT, replayOfLetter }, { dedupKey: 'k' })).toEqual([['inbox', 'k']]);
      expect(claims({ delivery: EVENT, replayOfLetter }, { dedupKey: 'k' }).delivery).toMatchObject({ label: 'evt_1' });
    });

    it('is nothing without a trigger, which alone has dead letters', () => {
      const source = directSource(WORKFLOW);
      expect(letters({ delivery: EVENT }, { dedupKey: 'k' }, source)).toEqual([]);
      expect(claims({ delivery: EVENT }, { dedupKey: 'k' }, source).delivery).toBeNull();
    });
  });

  describe('of a dead letter', () => {
    const letter = (extras: FiringExtras, item?: FireItem, source?: FiringSource) =>
      refused('rejected', extras, item, source).letter;

    it('is what was kept, and a key that tells its repeats', () => {
      const origin = { address: '::1' };
      expect(letter({ payload: '{', origin, sameForMs: 5 }, { dedupKey: 'k' })).toEqual({
        key: { space: 'inbox', ...keyOf('k') },
        windowMs: 5,
        label: 'k',
        payload: '{',
        origin: '{"address":"::1"}',
      });
      const nothing = { key: null, windowMs: null, label: null, payload: null, origin: null };
      expect(letter({})).toEqual(nothing);
      expect(letter({ sameForMs: 5 })).toEqual(nothing);
    });

    it('is known for ever, where nobody says for how long, and never, where every one is an event of its own', () => {
      expect(letter({}, { dedupKey: 'k' })).toMatchObject({ key: { label: 'k' }, windowMs: null });
      expect(letter({ sameForMs: 0 }, { dedupKey: 'k' })).toMatchObject({ key: null, windowMs: null, label: 'k' });
    });

    it('has the key of what it was fired for again, unless its item has a better one, or one that is none', () => {
      const replayKey = was('evt_1');
      expect(letter({ replayKey })).toMatchObject({ label: 'was evt_1', key: { key: replayKey.bytes } });
      expect(letter({ replayKey }, { dedupKey: 'k' })).toMatchObject({ label: 'k' });
      for (const dedupKey of ['', 'x'.repeat(MAX_DEDUP_KEY + 1)])
        expect(letter({ replayKey }, { dedupKey })).toMatchObject({ key: null, label: null });
    });

    it('tells no repeats without a trigger', () => {
      expect(letter({}, { dedupKey: 'k' }, directSource(WORKFLOW))).toMatchObject({ key: null, label: 'k' });
    });
  });

  it('takes no part in windows where it replays an execution', () => {
    const replayOf = newId<ExecutionId>();
    expect([claims({ replayOf }).dedup?.replay, claims().dedup?.replay]).toEqual([true, false]);
  });
});
