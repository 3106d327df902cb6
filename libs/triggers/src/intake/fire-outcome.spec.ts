import { EventBus } from '../model/events.js';
import type { TriggersEvent } from '../model/events.js';
import { newId } from '../model/ids.js';
import type { ExecutionId, FiringId } from '../model/ids.js';
import type { FiringState } from '../model/states.js';
import type { FiringDraft, FiringVerdict } from '../store/commits/firing.draft.js';
import { answeredOutcome, outcomeOf, skippedOutcome, tellStored, togetherOutcome } from './fire-outcome.js';
import type { FireOutcome } from './fire.types.js';

const id = newId<FiringId>();
const other = newId<FiringId>();
const executionIds = [newId<ExecutionId>()];

describe('what a caller is told', () => {
  const draft = (given: Partial<FiringDraft> = {}): FiringDraft =>
    ({ id, trigger: 'inbox', dedup: null, letter: null, reason: null, ...given }) as FiringDraft;
  const stored = (state: FiringState): FiringVerdict => ({
    ...{ status: 'stored', state, firingId: id, executionIds, delayedMs: 5 },
  });
  const dedup = { label: 'k' } as FiringDraft['dedup'];
  const letter = { key: { label: 'of the letter' }, label: 'k' } as unknown as FiringDraft['letter'];
  const nothing = { of: null, executionIds: [], dedupKey: null, state: null, delayedMs: 0 };

  it.each<[FiringState, FireOutcome['status']]>([
    ['accepted', 'accepted'],
    ['dead', 'dead'],
    ['held', 'held'],
    ['debounced', 'held'],
  ])('of what is stored as %s: %s', (state, status) => {
    expect(outcomeOf(draft({ dedup, reason: 'so' }), stored(state))).toEqual({
      ...{ status, of: null, firingId: id, executionIds, dedupKey: 'k', state, reason: 'so', delayedMs: 5 },
    });
  });

  it('has the key that it took, else that of its dead letter, else none', () => {
    const keyOf = (given: Partial<FiringDraft>) => outcomeOf(draft(given), stored('dead')).dedupKey;
    const keyless = { key: null } as FiringDraft['letter'];
    expect([keyOf({ dedup, letter }), keyOf({ letter }), keyOf({ letter: keyless }), keyOf({})]).toEqual([
      'k',
      'of the letter',
      null,
      null,
    ]);
  });

  it('of a duplicate is its original, and until when that cools down', () => {
    const of = 'dedup' as const;
    const original = { of, firingId: other, state: 'pruned' as const, executionIds };
    const told = { ...original, status: 'duplicate', dedupKey: 'k', reason: null, delayedMs: 0 };
    const verdict = { status: 'duplicate' as const, ...original, coolingDownUntil: null };
    expect(outcomeOf(draft({ dedup, reason: 'so' }), verdict)).toEqual(told);
    expect(outcomeOf(draft({ dedup }), { ...verdict, coolingDownUntil: new Date(0) })).toEqual({
      ...told,
      reason: 'cooling down until 1970-01-01T00:00:00.000Z',
    });
  });

  it('of one beyond the rate is how long to wait', () => {
    expect(outcomeOf(draft({ dedup }), { status: 'limited', retryAfterMs: 7 })).toEqual({
      ...{ ...nothing, firingId: id, status: 'limited', state: 'limited', reason: 'rate limit', delayedMs: 7 },
    });
  });

  it.each([
    ['disabled', 'trigger is disabled'],
    ['tooManyHeld', 'trigger holds 10,000 firings'],
  ] as const)('of one that is refused is why: %s', (because, reason) => {
    expect(outcomeOf(draft({ dedup }), { status: 'refused', because })).toEqual({
      ...{ ...nothing, firingId: id, status: 'refused', reason },
    });
  });

  it('of a letter of which nothing is fired is why', () => {
    expect(skippedOutcome(id, 'no')).toEqual({ ...nothing, firingId: id, status: 'filtered', reason: 'no' });
  });

  it('of a letter that was answered is its answer, as far as that is known', () => {
    const answer = { status: 'duplicate', of: 'letter', firingId: id, reason: 'answered already', delayedMs: 0 };
    const row = { executions: JSON.stringify(executionIds), dedup_label: 'k', state: 'accepted' };
    expect(answeredOutcome(id, row)).toEqual({ ...answer, executionIds, dedupKey: 'k', state: 'accepted' });
    expect(answeredOutcome(id, { ...row, dedup_label: null })).toMatchObject({ dedupKey: null });
    expect(answeredOutcome(id, undefined)).toEqual({ ...answer, executionIds: [], dedupKey: null, state: 'pruned' });
  });

  it('of several is the first that was accepted, else the first, with the executions of all', () => {
    const [one, two] = [newId<ExecutionId>(), newId<ExecutionId>()];
    const outcome = (status: FireOutcome['status'], reason: string, ...ids: ExecutionId[]): FireOutcome => ({
      ...skippedOutcome(id, reason),
      ...{ status, executionIds: ids },
    });
    const [filtered, first, second] = [
      outcome('filtered', 'a'),
      outcome('accepted', 'b', one),
      outcome('accepted', 'c', two),
    ];
    expect(togetherOutcome([filtered, first, second])).toEqual({ ...first, executionIds: [one, two] });
    expect(togetherOutcome([filtered, outcome('dead', 'd')])).toEqual(filtered);
    expect(() => togetherOutcome([])).toThrow(expect.objectContaining({ code: 'TRG_BUG_INVALID_STATE' }));
  });

  it.each<[FiringState, string | null, object[]]>([
    ['accepted', null, [{ name: 'firing.accepted', trigger: 'inbox', firingId: id, executionIds }]],
    ['dead', 'so', [{ name: 'firing.dead', trigger: 'inbox', firingId: id, reason: 'so' }]],
    ['rejected', 'so', [{ name: 'firing.rejected', trigger: 'inbox', firingId: id, reason: 'so' }]],
    ['filtered', 'filter', []],
    ['held', null, []],
  ])('is told to everybody of what is stored as %s', (state, reason, told) => {
    const events: TriggersEvent[] = [];
    const bus = new EventBus(
      () => 0,
      () => undefined,
    );
    bus.subscribe((event) => void events.push(event));
    tellStored(bus, { trigger: 'inbox', firingId: id, state, reason, executionIds });
    expect(events).toMatchObject(told);
    expect(events).toHaveLength(told.length);
  });
});
