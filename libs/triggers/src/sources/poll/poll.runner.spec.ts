import { gate } from '../../../../../test/support/gate.js';
import type { Gate } from '../../../../../test/support/gate.js';
import { TriggerResult } from '../../model/trigger-result.js';
import { createHarness } from './poll-harness.contract.js';
import type { PollHarness } from './poll-harness.contract.js';
import type { Poll } from './poll.js';
import type { TestDefinition } from './test-trigger.contract.js';

const SECOND = 1_000;
const MINUTE = 60_000;

let harness: PollHarness;
/** When the trigger of {@link polling} was polled. */
let at: number[];
beforeEach(async () => {
  at = [];
  harness = await createHarness();
});

/** Adds a trigger whose polls return these in their order, then skips; starts the poller and passes its first poll. */
async function polling(results: readonly unknown[], definition: Partial<TestDefinition> = {}): Promise<Poll[]> {
  const polls: Poll[] = [];
  harness.add({
    ...definition,
    poll: async (poll) => {
      const result = polls.length < results.length ? results[polls.length] : TriggerResult.skip('empty');
      polls.push(poll);
      at.push(harness.clock.monotonic());
      if (result instanceof Error) throw result;
      return result as TriggerResult;
    },
  });
  await harness.poller.start();
  await harness.clock.advance(SECOND);
  return polls;
}

/** Adds a trigger whose bodies a test ends. */
async function hanging(
  definition: Partial<TestDefinition> = {},
): Promise<{ polls: Poll[]; bodies: Gate<TriggerResult>[] }> {
  const polls: Poll[] = [];
  const bodies: Gate<TriggerResult>[] = [];
  harness.add({
    ...definition,
    poll: (poll) => {
      polls.push(poll);
      const body = gate<TriggerResult>();
      bodies.push(body);
      return body.opened;
    },
  });
  await harness.poller.start();
  await harness.clock.advance(SECOND);
  return { polls, bodies };
}

const row = () => harness.intake.row('inbox');

describe('a good poll', () => {
  it('commits firings and cursor together, and the next poll sees the cursor', async () => {
    const polls = await polling([
      TriggerResult.fireMany([{ context: { a: 1 } }, { context: { bad: 1 } }], { cursor: { since: 5 } }),
    ]);
    expect(harness.intake.writes).toMatchObject([
      {
        cursor: '{"since":5}',
        drafts: [{ state: 'accepted' }, { state: 'dead' }],
        counts: { polls: 1 },
        ticks: [{ outcome: 'fired' }],
      },
    ]);
    await harness.clock.advance(SECOND);
    expect(polls.map(({ cursor }) => cursor)).toEqual([undefined, { since: 5 }]);
    expect(polls.map(({ lastFiredAt }) => lastFiredAt)).toEqual([null, expect.any(Date)]);
  });

  it('tells the poll when it began, by the clock of the application, also when it is asked later', async () => {
    const start = harness.clock.now() - harness.clock.monotonic();
    const polls = await polling([]);
    await harness.clock.advance(5 * SECOND);
    expect(polls.map(({ now }) => now.getTime() - start)).toEqual(at);
  });

  it('gives every poll a cursor of its own', async () => {
    harness.intake.seed('inbox', { cursor: '{"seen":[]}' });
    const polls = await polling([]);
    (polls[0]?.cursor as { seen: number[] }).seen.push(1);
    expect(polls[0]?.cursor).toEqual({ seen: [] });
  });

  it('writes nothing when it skips, nor when the cursor stays as it is', async () => {
    await polling([TriggerResult.skip('empty', { cursor: 1 }), TriggerResult.skip('empty', { cursor: 1 })]);
    await harness.clock.advance(20 * SECOND);
    expect(harness.intake.writes).toHaveLength(1);
  });

  it('writes when the reason changes', async () => {
    await polling(['a', 'a', 'b', 'b', 'b'].map((reason) => TriggerResult.skip(reason)));
    await harness.clock.advance(3 * SECOND);
    expect(harness.intake.writes.map(({ ticks }) => ticks.map(({ reason, count }) => [reason, count]))).toEqual([
      [
        ['a', 2],
        ['b', 1],
      ],
    ]);
  });

  it('counts a poll that fires only duplicates as a skip in memory', async () => {
    const same = TriggerResult.fire({ a: 1 }, { dedupKey: 'k' });
    await polling([same, same, same, same]);
    await harness.clock.advance(3 * SECOND);
    expect(harness.intake.writes.map(({ ticks }) => ticks.map(({ outcome, reason }) => [outcome, reason]))).toEqual([
      [['fired', null]],
      [['skipped', 'duplicate']],
    ]);
    expect(harness.control.live('inbox')?.unwritten).toEqual({ polls: 2, skips: 2, duplicates: 2, failures: 0 });
  });

  // Cloacina case 110
  it('fires at the poll that finds something, and lists the empty ones before it as one row', async () => {
    const empty = TriggerResult.skip('empty');
    await polling([empty, empty, TriggerResult.fire({ n: 3 }), empty]);
    await harness.clock.advance(3 * SECOND);
    expect(harness.intake.writes).toMatchObject([
      {
        drafts: [{ context: '{"n":3}' }],
        ticks: [
          { outcome: 'skipped', reason: 'empty', count: 2 },
          { outcome: 'fired', count: 1 },
        ],
      },
      { drafts: [], ticks: [{ outcome: 'skipped', reason: 'empty', count: 1 }] },
    ]);
  });

  it('polls again at once when there is more, and stays on its grid', async () => {
    const more = (cursor: number): TriggerResult => TriggerResult.fireMany([{}], { cursor, more: true });
    await polling([more(1), more(2), TriggerResult.fire()]);
    expect(at.map((instant) => instant - (at[0] ?? 0))).toEqual([0, 0, 0]);
    await harness.clock.advance(SECOND);
    expect(at[3]).toBe((at[0] ?? 0) + SECOND);
  });

  it('does not poll for ever when "more" brings nothing new', async () => {
    const same = TriggerResult.fireMany([{ dedupKey: 'k' }], { more: true });
    const polls = await polling(Array.from({ length: 100 }, () => same));
    expect(polls).toHaveLength(2);
  });
});

describe('a failed poll', () => {
  const broken = (count: number): Error[] => Array.from({ length: count }, (_, index) => new Error(`broken ${index}`));

  // Cloacina T-6
  it('is polled less and less, tells once, and recovers; others are not affected', async () => {
    let others = 0;
    harness.add({
      name: 'other',
      poll: () => {
        others += 1;
        return TriggerResult.skip();
      },
    });
    const polls = await polling(broken(5));
    expect(row()).toMatchObject({ consecutiveFailures: 1, lastError: 'broken 0' });
    await harness.clock.advance(63 * SECOND);
    expect(polls.map(({ consecutiveFailures }) => consecutiveFailures)).toEqual([0, 1, 2, 3, 4, 5, 0]);
    expect(at.map((instant) => instant - (at[0] ?? 0))).toEqual(
      [0, 2, 6, 14, 30, 62, 63].map((seconds) => seconds * SECOND),
    );
    expect(row()).toMatchObject({ consecutiveFailures: 0, lastError: null });
    expect(harness.eventNames()).toEqual(['trigger.failing', 'trigger.recovered']);
    expect(others).toBe(64);
  });

  it('is suspended after its limit, until an operator resumes it', async () => {
    const polls = await polling(broken(3), { suspendAfter: 3 });
    await harness.clock.advance(60 * MINUTE);
    expect(polls).toHaveLength(3);
    expect(harness.eventNames()).toEqual(['trigger.failing', 'trigger.suspended']);
    expect(harness.intake.writes.map(({ suspends }) => suspends)).toEqual([false, false, true]);
    harness.intake.operate('inbox', { suspendedAt: null, consecutiveFailures: 0 });
    harness.control.changed('inbox');
    await harness.clock.advance(SECOND);
    expect(polls.length).toBeGreaterThanOrEqual(4);
  });

  it('is never suspended with suspendAfter 0', async () => {
    const polls = await polling(broken(30), { suspendAfter: 0 });
    await harness.clock.advance(600 * MINUTE);
    expect(polls.length).toBeGreaterThan(30);
  });

  it.each([
    ['TRG_POLL_RESULT', true],
    ['TRG_POLL_RESULT', TriggerResult.fireMany(Array.from({ length: 1_001 }, () => ({})))],
    ['TRG_POLL_CURSOR', TriggerResult.skip('x', { cursor: 'x'.repeat(70_000) })],
    ['TRG_POLL_CURSOR', TriggerResult.fire({}, { cursor: new Map() })],
  ])('is what a wrong result is (%s), and nothing of it is committed', async (code, result) => {
    const seen: unknown[] = [];
    await polling([result], { onError: { invoke: async ([error]) => seen.push(error) } });
    expect(seen).toMatchObject([{ code }]);
    expect(harness.intake.writes).toMatchObject([
      { drafts: [], cursor: undefined, counts: { failures: 1 }, ticks: [{ outcome: 'failed' }] },
    ]);
  });

  it('is what a commit is that the database refuses', async () => {
    const commit = harness.intake.commit.bind(harness.intake);
    jest
      .spyOn(harness.intake, 'commit')
      .mockImplementation((write, options) =>
        write.drafts.length > 0 ? Promise.reject(new Error('invalid byte')) : commit(write, options),
      );
    await polling([TriggerResult.fire({})]);
    expect(row()).toMatchObject({ consecutiveFailures: 1, lastError: 'invalid byte' });
  });

  it('has an observer that changes nothing, whatever it does', async () => {
    await polling([new Error('a'), 'text'], {
      onError: {
        invoke: async () => {
          throw new Error('observer');
        },
      },
    });
    expect(row()).toMatchObject({ consecutiveFailures: 1, lastError: 'a' });
  });

  it('is what a failing onTriggerInit is, which is called again', async () => {
    let calls = 0;
    const onInit = {
      invoke: async () => {
        calls += 1;
        if (calls === 1) throw new Error('no connection');
      },
    };
    const polls = await polling([], { onInit });
    expect(row().lastError).toBe('no connection');
    await harness.clock.advance(5 * SECOND);
    expect(calls).toBe(2);
    expect(polls.length).toBeGreaterThan(0);
  });

  it('is no failure when the store is away: the result is kept and the method is not called meanwhile', async () => {
    harness.intake.isAway = true;
    const polls = await polling([TriggerResult.fire({ popped: 1 })]);
    await harness.clock.advance(10 * MINUTE);
    expect(polls).toHaveLength(1);
    harness.intake.back();
    await harness.clock.advance(SECOND);
    expect(harness.intake.writes[0]).toMatchObject({ drafts: [{ context: '{"popped":1}' }] });
    expect(row().consecutiveFailures).toBe(0);
    expect(polls).toHaveLength(2);
  });
});

describe('a poll that does not return', () => {
  // Cloacina T-7
  it('fails at its timeout, is aborted, and is not called again before it settles', async () => {
    const { polls, bodies } = await hanging({ timeoutMs: 5 * SECOND });
    const signal = polls[0]?.signal;
    await harness.clock.advance(5 * SECOND);
    expect(signal?.reason).toMatchObject({ code: 'TRG_POLL_TIMEOUT' });
    expect(harness.eventNames()).toEqual(['trigger.stalled', 'trigger.failing']);
    expect(harness.control.live('inbox')).toMatchObject({ stalled: true, nextPollAt: null, consecutiveFailures: 1 });
    await harness.clock.advance(10 * SECOND);
    expect(polls).toHaveLength(1);
    bodies[0]?.open(TriggerResult.fire({ late: true }));
    await harness.clock.advance(SECOND);
    expect(polls).toHaveLength(2);
    expect(harness.intake.writes).toMatchObject([{ drafts: [], consecutiveFailures: 1 }]);
  });

  it('gives its trigger up after 10 timeouts; then any node may poll it', async () => {
    const { polls, bodies } = await hanging({ timeoutMs: 5 * SECOND });
    await harness.clock.advance(49 * SECOND);
    expect(harness.intake.released).toEqual([]);
    await harness.clock.advance(SECOND);
    expect(harness.intake.released).toEqual(['inbox']);
    await harness.poller.renewed();
    await harness.clock.advance(SECOND);
    expect(polls).toHaveLength(2);
    bodies[0]?.open(TriggerResult.fire({ late: true }));
    await harness.clock.settle();
    expect(harness.control.live('inbox')).toMatchObject({ polling: true, stalled: false });
  });

  it('sees an aborted signal also when it looks only afterwards', async () => {
    const { polls } = await hanging({ timeoutMs: SECOND });
    await harness.clock.advance(2 * SECOND);
    expect(polls[0]?.signal.aborted).toBe(true);
  });

  it('leaves nothing behind in the heap when polls end in time', async () => {
    await polling([], { pollIntervalMs: 10 });
    await harness.clock.advance(5 * SECOND);
    expect(harness.clock.timers).toBe(1);
    await harness.poller.stop(new AbortController().signal);
    expect(harness.clock.timers).toBe(0);
  });
});

describe('a superseded poll', () => {
  it('is discarded when an operator moved the cursor, and repeated with the new one', async () => {
    const { polls, bodies } = await hanging();
    harness.intake.operate('inbox', { cursor: '"operator"' });
    bodies[0]?.open(TriggerResult.fire({}, { cursor: 'mine' }));
    await harness.clock.advance(1);
    expect(harness.eventNames()).toEqual(['trigger.superseded']);
    expect(polls.map(({ cursor }) => cursor)).toEqual([undefined, 'operator']);
    bodies[1]?.open(TriggerResult.skip('empty', { cursor: 'next' }));
    await harness.clock.advance(1);
    expect(harness.intake.writes.map(({ ticks }) => ticks.map(({ outcome }) => outcome))).toEqual([
      ['superseded', 'skipped'],
    ]);
    expect(row().cursor).toBe('"next"');
  });

  it('is discarded also when the change was seen while it ran', async () => {
    const { polls, bodies } = await hanging();
    harness.intake.operate('inbox', { cursor: '"operator"' });
    await harness.poller.renewed();
    bodies[0]?.open(TriggerResult.fire({}, { cursor: 'mine' }));
    await harness.clock.advance(1);
    expect(polls.map(({ cursor }) => cursor)).toEqual([undefined, 'operator']);
    expect(harness.intake.writes).toEqual([]);
  });

  it('is not repeated when the trigger was disabled', async () => {
    const { polls, bodies } = await hanging();
    harness.intake.operate('inbox', { enabledOverride: false });
    bodies[0]?.open(TriggerResult.fire({}));
    await harness.clock.advance(5 * SECOND);
    expect(polls).toHaveLength(1);
    expect(harness.intake.writes).toEqual([]);
  });

  it('ends here when another node owns the trigger', async () => {
    const { polls, bodies } = await hanging();
    harness.intake.steal('inbox');
    bodies[0]?.open(TriggerResult.fire({}));
    await harness.clock.advance(5 * SECOND);
    expect(polls).toHaveLength(1);
    expect(harness.control.live('inbox')).toBeUndefined();
    expect(harness.intake.writes).toEqual([]);
  });
});
