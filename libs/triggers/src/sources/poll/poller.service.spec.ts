import fc from 'fast-check';
import { gate } from '../../../../../test/support/gate.js';
import type { Gate } from '../../../../../test/support/gate.js';
import { TriggerResult } from '../../model/trigger-result.js';
import { PROPERTY_TIMEOUT_MS, runs } from '../../testing/properties.contract.js';
import { spreadMs } from './poll-schedule.js';
import { createHarness } from './poll-harness.contract.js';
import type { PollHarness } from './poll-harness.contract.js';
import type { Poll } from './poll.js';

const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let harness: PollHarness;
beforeEach(async () => {
  harness = await createHarness();
});

/** Adds a trigger that skips and remembers when it was polled. */
function recording(
  name: string,
  pollIntervalMs = SECOND,
  result = (): TriggerResult => TriggerResult.skip('empty'),
): number[] {
  const polls: number[] = [];
  harness.add({
    name,
    pollIntervalMs,
    poll: () => {
      polls.push(harness.clock.monotonic());
      return result();
    },
  });
  return polls;
}

describe('time', () => {
  it('polls at a fixed rate from a place that depends on the name', async () => {
    const polls = recording('inbox');
    await harness.poller.start();
    await harness.clock.advance(10 * SECOND);
    const first = spreadMs('inbox', SECOND);
    expect(polls).toEqual(Array.from({ length: 10 }, (_, index) => first + index * SECOND));
  });

  it('skips the slots that a slow poll missed and stays on the grid', async () => {
    const polls: number[] = [];
    const first = spreadMs('slow', SECOND);
    let body = gate<TriggerResult>();
    harness.add({
      name: 'slow',
      poll: () => {
        polls.push(harness.clock.monotonic() - first);
        return (body = gate()).opened;
      },
    });
    await harness.poller.start();
    await harness.clock.advance(first + 2_500);
    body.open(TriggerResult.skip());
    await harness.clock.advance(1_000);
    expect(polls).toEqual([0, 3_000]);
  });

  // Cloacina T-5, Cloacina T-7
  it('delays nobody by a poll that hangs or a workflow that is long', async () => {
    let calls = 0;
    harness.add({
      name: 'hangs',
      timeoutMs: 100 * SECOND,
      poll: () => {
        calls += 1;
        return gate<TriggerResult>().opened;
      },
    });
    const polls = recording('other');
    await harness.poller.start();
    await harness.clock.advance(60 * SECOND);
    expect(polls).toHaveLength(60);
    expect(calls).toBe(1);
  });

  // Cloacina T-8
  it('does not poll a 24 h trigger at a restart one hour after its last poll', async () => {
    const polls = recording('daily', DAY);
    harness.intake.seed('daily', { lastPollAt: new Date(harness.clock.now() - HOUR) });
    await harness.poller.start();
    await harness.clock.advance(23 * HOUR - 1);
    expect(polls).toEqual([]);
    await harness.clock.advance(1);
    expect(polls).toEqual([23 * HOUR]);
  });

  it('stores the clock of intervals from 5 m on after every poll', async () => {
    recording('slow', 5 * MINUTE);
    await harness.poller.start();
    await harness.clock.advance(11 * MINUTE);
    expect(harness.intake.writes).toHaveLength(3);
    expect(harness.intake.writes.map(({ ticks }) => ticks.map(({ count }) => count))).toEqual([[1], [2], [3]]);
  });

  // Review 18
  it('resets a stored instant absurdly in the future and says so', async () => {
    const polls = recording('daily', DAY);
    harness.intake.seed('daily', { lastPollAt: new Date('2099-01-01T00:00:00Z') });
    await harness.poller.start();
    await harness.clock.advance(MINUTE);
    expect(polls).toHaveLength(1);
    expect(harness.events).toMatchObject([
      { name: 'trigger.clockReset', trigger: 'daily', was: '2099-01-01T00:00:00.000Z' },
    ]);
  });

  // Review 18
  it('keeps its rate when the wall clock jumps', async () => {
    const polls = recording('inbox');
    await harness.poller.start();
    await harness.clock.advance(3 * SECOND);
    harness.clock.set('2020-01-01T00:00:00Z');
    await harness.clock.advance(3 * SECOND);
    expect(polls).toHaveLength(6);
  });

  it('polls 10,000 triggers with one timer and writes nothing while they are idle', async () => {
    let polls = 0;
    for (let index = 0; index < 10_000; index += 1) {
      harness.add({
        name: `t${index}`,
        pollIntervalMs: 10 * SECOND,
        poll: () => {
          polls += 1;
          return TriggerResult.skip('empty');
        },
      });
    }
    await harness.poller.start();
    expect(harness.clock.timers).toBe(1);
    expect(new Set(harness.shown)).toEqual(new Set(['triggers:polls']));
    await harness.clock.advance(500);
    expect(polls).toBeGreaterThan(350);
    expect(polls).toBeLessThan(650);
    expect(harness.clock.timers).toBe(1);
    expect(harness.intake.writes).toEqual([]);
    expect(harness.intake.calls).toMatchObject({ declare: 20, acquire: 20 });
  });

  it(
    'polls as the model clock says, whatever the durations of the bodies',
    async () => {
      const bodies = fc.array(fc.integer({ min: 0, max: 350 }), { minLength: 1, maxLength: 12 });
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 10, max: 200 }), bodies, async (pollIntervalMs, durations) => {
          const { clock, add, poller } = await createHarness();
          const polls: number[] = [];
          add({
            name: 'model',
            pollIntervalMs,
            timeoutMs: HOUR,
            poll: () => {
              const durationMs = durations[polls.length] ?? HOUR;
              polls.push(clock.monotonic());
              return new Promise((resolve) => clock.setTimer(() => resolve(TriggerResult.skip()), durationMs));
            },
          });
          await poller.start();
          await clock.advance(10_000);
          let slot = spreadMs('model', pollIntervalMs);
          const model = durations.map((durationMs, index) => {
            const at = slot;
            const free = at + durationMs;
            do slot += pollIntervalMs;
            while (slot < free);
            return index === 0 ? spreadMs('model', pollIntervalMs) : at;
          });
          expect(polls.slice(0, model.length)).toEqual(model);
        }),
        runs(25),
      );
    },
    PROPERTY_TIMEOUT_MS,
  );
});

describe('ownership', () => {
  // Cloacina T-10
  it('polls only what nobody alive owns, and takes over what becomes free', async () => {
    const polls = recording('inbox');
    harness.intake.seed('inbox', { owner: 'other', epoch: 4 });
    await harness.poller.start();
    await harness.clock.advance(5 * SECOND);
    expect(polls).toEqual([]);
    harness.intake.row('inbox').owner = null;
    await harness.poller.renewed();
    await harness.clock.advance(2 * SECOND);
    expect(polls).toHaveLength(2);
    expect(harness.intake.row('inbox').epoch).toBe(5);
  });

  // Cloacina case 8
  it('finds at a renewal that an operator disabled, enabled and slowed a trigger', async () => {
    const polls = recording('inbox');
    await harness.poller.start();
    await harness.clock.advance(2 * SECOND);
    harness.intake.operate('inbox', { enabledOverride: false });
    await harness.poller.renewed();
    await harness.clock.advance(5 * SECOND);
    expect(polls).toHaveLength(2);
    harness.intake.operate('inbox', { enabledOverride: true });
    await harness.poller.renewed();
    await harness.clock.advance(0);
    expect(polls).toHaveLength(3);
    harness.intake.row('inbox').intervalOverrideMs = 10 * SECOND;
    await harness.poller.renewed();
    await harness.clock.advance(20 * SECOND);
    expect(polls).toHaveLength(5);
  });

  it('asks only for stamps while nothing changed', async () => {
    recording('inbox');
    await harness.poller.start();
    await harness.poller.renewed();
    await harness.poller.renewed();
    expect(harness.intake.calls).toMatchObject({ stamps: 2, read: 0 });
  });

  it('declares its triggers again every few minutes, however often others are registered meanwhile', async () => {
    recording('inbox');
    const declare = jest.spyOn(harness.intake, 'declare');
    await harness.poller.start();
    declare.mockClear();
    for (const name of ['first', 'second', 'third']) {
      await harness.clock.advance(2 * MINUTE);
      recording(name);
      await harness.poller.enlist([harness.poller.require(name)]);
      await harness.poller.renewed();
    }
    const declared = declare.mock.calls.flatMap(([triggers]) => triggers.map(({ name }) => name));
    expect(declared.filter((name) => name === 'inbox')).toHaveLength(1);
  });

  // Cloacina case 12
  it('never polls a trigger that the code disables', async () => {
    let calls = 0;
    harness.add({
      name: 'off',
      enabled: false,
      poll: () => {
        calls += 1;
        return TriggerResult.skip();
      },
    });
    await harness.poller.start();
    await harness.clock.advance(MINUTE);
    expect(calls).toBe(0);
    harness.intake.operate('off', { enabledOverride: true });
    harness.control.changed('off');
    await harness.clock.advance(2 * SECOND);
    expect(calls).toBe(3);
  });

  it('aborts every poll at once when the lease is lost, and refuses their results', async () => {
    const body = gate<TriggerResult>();
    let seen: Poll | undefined;
    harness.add({
      name: 'inbox',
      poll: (poll) => {
        seen = poll;
        return body.opened;
      },
    });
    await harness.poller.start();
    await harness.clock.advance(SECOND);
    const { signal } = seen as Poll;
    expect(signal.aborted).toBe(false);
    harness.poller.leaseLost();
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toMatchObject({ code: 'TRG_ENG_LEASE_LOST' });
    body.open(TriggerResult.fire({ a: 1 }));
    await harness.clock.advance(5 * SECOND);
    expect(harness.intake.writes).toEqual([]);
  });

  // Cloacina T-7
  it('takes a trigger back after a lost lease only when its old body has ended', async () => {
    const bodies: Gate<TriggerResult>[] = [];
    harness.add({
      name: 'inbox',
      poll: () => {
        const body = gate<TriggerResult>();
        bodies.push(body);
        return body.opened;
      },
    });
    await harness.poller.start();
    await harness.clock.advance(SECOND);
    harness.poller.leaseLost();
    await harness.poller.renewed();
    await harness.clock.advance(5 * SECOND);
    expect(bodies).toHaveLength(1);
    bodies[0]?.open(TriggerResult.skip());
    await harness.clock.settle();
    await harness.poller.renewed();
    await harness.clock.advance(SECOND);
    expect(bodies).toHaveLength(2);
  });

  it('loses a trigger that another node owns by now', async () => {
    const polls = recording('inbox');
    await harness.poller.start();
    await harness.clock.advance(SECOND);
    harness.intake.steal('inbox');
    await harness.poller.renewed();
    await harness.clock.advance(5 * SECOND);
    expect(polls).toHaveLength(1);
    expect(harness.control.live('inbox')).toBeUndefined();
  });
});

describe('the end', () => {
  const never = new AbortController().signal;

  it('writes the counts, gives triggers up and polls no more', async () => {
    const polls = recording('inbox');
    await harness.poller.start();
    await harness.clock.advance(5 * SECOND);
    await harness.poller.stop(never);
    expect(harness.intake.writes).toMatchObject([
      { flush: true, counts: { polls: 5, skips: 5 }, ticks: [{ count: 5, reason: 'empty' }] },
    ]);
    expect(harness.intake.released).toEqual(['inbox']);
    await harness.clock.advance(5 * SECOND);
    expect(polls).toHaveLength(5);
    expect(harness.clock.timers).toBe(0);
  });

  it('lets a poll end and commits what it found', async () => {
    const body = gate<TriggerResult>();
    harness.add({ name: 'inbox', poll: () => body.opened });
    await harness.poller.start();
    await harness.clock.advance(SECOND);
    const stopped = harness.poller.stop(never);
    body.open(TriggerResult.fire({ a: 1 }, { cursor: 7 }));
    await stopped;
    expect(harness.intake.writes).toMatchObject([{ cursor: '7', drafts: [{ context: '{"a":1}' }] }]);
  });

  it('aborts what does not end in time, and counts no failure', async () => {
    let seen: Poll | undefined;
    harness.add({
      name: 'inbox',
      poll: (poll) => {
        seen = poll;
        return new Promise((_, reject) => poll.signal.addEventListener('abort', () => reject(new Error('aborted'))));
      },
    });
    await harness.poller.start();
    await harness.clock.advance(SECOND);
    const grace = new AbortController();
    const stopped = harness.poller.stop(grace.signal);
    await harness.clock.settle();
    expect(seen?.signal.aborted).toBe(false);
    grace.abort();
    await stopped;
    expect(seen?.signal.reason).toMatchObject({ code: 'TRG_ENG_STOPPED' });
    await harness.clock.settle();
    expect(harness.intake.row('inbox').consecutiveFailures).toBe(0);
  });

  it('does not wait for a store that is away', async () => {
    recording('inbox');
    await harness.poller.start();
    await harness.clock.advance(2 * SECOND);
    harness.intake.isAway = true;
    await harness.poller.stop(never);
    expect(harness.intake.writes).toEqual([]);
  });

  it('does not wait for ever for a store that never answered a renewal', async () => {
    recording('inbox');
    await harness.poller.start();
    harness.intake.stamps = () => new Promise(() => undefined);
    void harness.poller.renewed();
    await harness.clock.settle();
    let isStopped = false;
    void harness.poller.stop(never).then(() => (isStopped = true));
    await harness.clock.advance(10 * SECOND);
    expect(isStopped).toBe(true);
    expect(harness.clock.timers).toBe(0);
  });

  it('polls again after a second start', async () => {
    const polls = recording('inbox');
    await harness.poller.start();
    await harness.clock.advance(2 * SECOND);
    await harness.poller.stop(never);
    await harness.poller.start();
    await harness.clock.advance(2 * SECOND);
    expect(polls).toHaveLength(4);
  });

  it('calls onTriggerInit once before the first poll and onTriggerDestroy once after the last', async () => {
    const order: string[] = [];
    const note = (what: string) => ({
      invoke: async () => {
        order.push(what);
      },
    });
    harness.add({
      name: 'inbox',
      onInit: note('init'),
      onDestroy: note('destroy'),
      poll: () => {
        order.push('poll');
        return TriggerResult.skip();
      },
    });
    harness.add({
      name: 'off',
      enabled: false,
      onInit: note('never'),
      onDestroy: note('never'),
      poll: () => TriggerResult.skip(),
    });
    await harness.poller.start();
    await harness.clock.advance(2 * SECOND);
    await harness.poller.stop(never);
    expect(order).toEqual(['init', 'poll', 'poll', 'destroy']);
  });
});
