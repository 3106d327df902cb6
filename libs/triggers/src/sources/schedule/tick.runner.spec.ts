import { TriggerResult } from '../../model/trigger-result.js';
import { TestClock } from '../../testing/test-clock.js';
import { FakeTriggers } from '../poll/fake-trigger-rows.contract.js';
import { createHarness } from '../poll/poll-harness.contract.js';
import type { PollHarness } from '../poll/poll-harness.contract.js';
import { CronCalendar } from './cron.calendar.js';
import type { ScheduleTick } from './schedule-tick.js';
import { defineSchedule, everyMs } from './test-schedule.contract.js';
import type { TestSchedule } from './test-schedule.contract.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const START = Date.parse('2026-01-01T00:00:00Z');
const at = (ms: number): string => new Date(START + ms).toISOString();

let h: PollHarness;

beforeEach(async () => {
  h = await createHarness();
});

async function started(schedule: TestSchedule = {}): Promise<void> {
  h.poller.add(defineSchedule(h, schedule));
  await h.poller.start();
  await h.clock.advance(0);
}

async function stopped(): Promise<void> {
  await h.poller.stop(AbortSignal.abort());
}

/** The keys that were fired, in the order of their commits. */
const fired = (): string[] => [...h.intake.keys];
const reasons = (): (string | null)[] =>
  h.intake.writes.flatMap(({ ticks }) =>
    ticks.filter(({ outcome }) => outcome !== 'fired').map(({ reason }) => reason),
  );
const cursor = (): unknown => JSON.parse(h.intake.row('nightly').cursor ?? 'null');
const seconds = (...of: number[]): string[] => of.map((second) => at(second * SECOND));

describe('a schedule', () => {
  // Cloacina case 5
  it('starts its clock at the first registration and fires each tick at its instant', async () => {
    const instants: number[] = [];
    await started({ tick: () => void instants.push(h.clock.now() - START) });
    expect(cursor()).toEqual({ of: 'every 10000ms', last: at(0) });
    await h.clock.advance(35 * SECOND);
    expect(instants).toEqual([10 * SECOND, 20 * SECOND, 30 * SECOND]);
    expect(fired()).toEqual(seconds(10, 20, 30));
    expect(cursor()).toEqual({ of: 'every 10000ms', last: at(30 * SECOND) });
  });

  it('tells its method the tick and fires { scheduledFor } when that returns nothing', async () => {
    const told: ScheduleTick[] = [];
    await started({ tick: (tick) => void told.push(tick) });
    await h.clock.advance(20 * SECOND);
    expect(told).toMatchObject([
      { trigger: 'nightly', scheduledFor: new Date(START + 10 * SECOND), lastFiredAt: null, dryRun: false },
      { scheduledFor: new Date(START + 20 * SECOND), lastFiredAt: new Date(START + 10 * SECOND) },
    ]);
    expect(told[0]?.signal.aborted).toBe(false);
    const contexts = h.intake.writes.flatMap(({ drafts }) => drafts.map(({ context }) => context));
    expect(contexts).toEqual(seconds(10, 20).map((scheduledFor) => JSON.stringify({ scheduledFor })));
  });

  it('fires what its method returns, under the key of the tick unless it has another', async () => {
    const results = [
      TriggerResult.skip('weekend'),
      TriggerResult.fire({ n: 1 }),
      TriggerResult.fireMany([{ context: { n: 2 } }, { context: { n: 3 }, dedupKey: 'own' }, { context: { n: 4 } }]),
    ];
    await started({ tick: () => results.shift() });
    await h.clock.advance(30 * SECOND);
    expect(reasons()).toEqual(['the clock starts', 'weekend']);
    expect(fired()).toEqual([at(20 * SECOND), at(30 * SECOND), 'own', `${at(30 * SECOND)}#2`]);
    expect(cursor()).toMatchObject({ last: at(30 * SECOND) });
  });

  // Cloacina case 10
  it('is woken at least once a minute and writes nothing before its tick', async () => {
    await started({ timing: everyMs(HOUR) });
    const writes = h.intake.writes.length;
    await h.clock.advance(HOUR - 1);
    expect(h.intake.writes).toHaveLength(writes);
    expect(h.control.live('nightly')).toMatchObject({ nextPollAt: new Date(START + HOUR), polling: false });
    await h.clock.advance(1);
    expect(fired()).toEqual([at(HOUR)]);
  });

  it('that never ticks is not polled, and has no next poll', async () => {
    const calendar = new CronCalendar('0 0 30 2 *', 'UTC');
    await started({ timing: { of: '0 0 30 2 * UTC', calendarSince: () => calendar } });
    await h.clock.advance(2 * HOUR);
    expect(h.intake.writes).toHaveLength(1);
    expect(h.control.live('nightly')?.nextPollAt).toBeNull();
  });

  it('is tried out with its next tick, and nothing is written', async () => {
    const told: ScheduleTick[] = [];
    await started({ tick: (tick) => void told.push(tick) });
    const report = await h.control.test('nightly');
    expect(report).toMatchObject({ status: 'fired', items: [{ status: 'accepted', dedupKey: at(10 * SECOND) }] });
    expect(told).toMatchObject([{ dryRun: true, scheduledFor: new Date(START + 10 * SECOND) }]);
    expect(h.intake.writes).toHaveLength(1);
  });
});

describe('after a pause of an hour', () => {
  async function pause(schedule: TestSchedule): Promise<void> {
    await started({ timing: everyMs(10 * MINUTE), ...schedule });
    await stopped();
    h.clock.set(new Date(START + HOUR + 5 * MINUTE));
    await h.poller.start();
    await h.clock.advance(0);
  }
  const missed = (count: number, until: number): string =>
    `missed ${count} ticks from ${at(10 * MINUTE)} to ${at(until * MINUTE)}`;
  const minutes = (...of: number[]): string[] => of.map((minute) => at(minute * MINUTE));

  it("records what was missed and goes on (catchUp 'skip')", async () => {
    await pause({});
    expect(fired()).toEqual([]);
    expect(reasons()).toEqual(['the clock starts', missed(6, 60)]);
    await h.clock.advance(5 * MINUTE);
    expect(fired()).toEqual(minutes(70));
  });

  it("fires the latest and records the others ('latest')", async () => {
    await pause({ catchUp: 'latest' });
    expect(fired()).toEqual(minutes(60));
    expect(reasons()).toEqual(['the clock starts', missed(5, 50)]);
  });

  it("fires all of them in one commit, oldest first ('all')", async () => {
    await pause({ catchUp: 'all' });
    expect(fired()).toEqual(minutes(10, 20, 30, 40, 50, 60));
    expect(h.intake.writes.filter(({ drafts }) => drafts.length > 0)).toHaveLength(1);
    expect(reasons()).toEqual(['the clock starts']);
  });

  it('fires what is within its lateness', async () => {
    await pause({ maxLatenessMs: 16 * MINUTE });
    expect(fired()).toEqual(minutes(50, 60));
    expect(reasons()).toEqual(['the clock starts', missed(4, 40)]);
  });

  // Cloacina case 16
  it('starts anew when its expression has changed', async () => {
    await started({ timing: everyMs(10 * MINUTE), catchUp: 'all' });
    await stopped();
    h.clock.set(new Date(START + HOUR + 5 * MINUTE));
    h.poller.add(defineSchedule(h, { timing: everyMs(MINUTE), catchUp: 'all' }));
    await h.poller.start();
    await h.clock.advance(0);
    expect(fired()).toEqual([]);
    await h.clock.advance(MINUTE);
    expect(fired()).toEqual(minutes(66));
  });

  it('starts anew where an operator has cleared or broken its cursor', async () => {
    await started({ timing: everyMs(10 * MINUTE), catchUp: 'all' });
    h.clock.set(new Date(START + HOUR + 5 * MINUTE));
    h.intake.operate('nightly', { cursor: '{"last":"yesterday"}' });
    await h.poller.refresh('nightly');
    await h.clock.advance(0);
    expect(fired()).toEqual([]);
    expect(cursor()).toEqual({ of: 'every 600000ms', last: at(HOUR + 5 * MINUTE) });
  });
});

describe('a clock that is set', () => {
  it('forward makes ticks late, which is found within a minute', async () => {
    await started({ timing: everyMs(10 * MINUTE) });
    h.clock.set(new Date(START + 25 * MINUTE));
    await h.clock.advance(MINUTE);
    expect(reasons()).toEqual(['the clock starts', `missed 2 ticks from ${at(10 * MINUTE)} to ${at(20 * MINUTE)}`]);
    await h.clock.advance(4 * MINUTE);
    expect(fired()).toEqual([at(30 * MINUTE)]);
  });

  it('back by less than a minute makes it wait for the next tick', async () => {
    await started();
    await h.clock.advance(20 * SECOND);
    h.clock.set(new Date(START));
    await h.clock.advance(29 * SECOND);
    expect(fired()).toEqual(seconds(10, 20));
    await h.clock.advance(SECOND);
    expect(fired()).toEqual(seconds(10, 20, 30));
  });

  it('back by a day fires no tick twice and goes on, and says so', async () => {
    await started();
    await h.clock.advance(20 * SECOND);
    h.clock.set(new Date(START - 24 * HOUR));
    // The anchor lies ahead now: nothing ticks before it.
    await h.clock.advance(MINUTE);
    expect(h.events).toContainEqual(
      expect.objectContaining({ name: 'trigger.clockReset', trigger: 'nightly', was: at(20 * SECOND) }),
    );
    expect(reasons()).toContain('the clock was set back');
    await h.clock.advance(24 * HOUR);
    expect(fired()).toEqual(seconds(10, 20, 30, 40, 50, 60));
    expect(h.eventNames().filter((name) => name === 'trigger.clockReset')).toHaveLength(1);
  });
});

describe('a method that throws', () => {
  it('is tried again for the same tick with back-off, and each other schedule ticks on', async () => {
    const calls: number[] = [];
    let broken = true;
    await started({
      timing: everyMs(HOUR),
      tick: () => {
        calls.push(h.clock.now() - START);
        if (broken) throw new Error('no report');
      },
    });
    h.poller.add(defineSchedule(h, { name: 'other', timing: everyMs(25 * MINUTE) }));
    await h.poller.enlist([h.poller.require('other')]);
    await h.clock.advance(HOUR + 20 * MINUTE);
    expect(calls.slice(0, 6).map((ms) => (ms - HOUR) / SECOND)).toEqual([0, 2, 6, 14, 30, 62]);
    expect(h.eventNames()).toContain('trigger.failing');
    expect(fired()).toEqual([at(25 * MINUTE), at(50 * MINUTE), at(75 * MINUTE)]);
    broken = false;
    await h.clock.advance(16 * MINUTE);
    // Long after its lateness: it was tried on time.
    expect(fired()).toContain(at(HOUR));
    expect(h.eventNames()).toContain('trigger.recovered');
  });

  it('leaves the older tick when the next one is due, which is tried on time however long the back-off is', async () => {
    const calls: number[] = [];
    await started({
      timing: everyMs(10 * MINUTE),
      tick: () => {
        calls.push((h.clock.now() - START) / SECOND - 600);
        if (calls.length < 12) throw new Error('no report');
      },
    });
    await h.clock.advance(HOUR);
    expect(calls).toEqual([0, 2, 6, 14, 30, 62, 126, 254, 510, 600, 1_200, 1_800, 2_400, 3_000]);
    expect(reasons().at(-1)).toBe(`missed 3 ticks from ${at(10 * MINUTE)} to ${at(30 * MINUTE)}`);
    expect(fired()).toEqual([40, 50, 60].map((minute) => at(minute * MINUTE)));
  });

  it('suspends after 20 failures in a row', async () => {
    await started({
      timing: everyMs(10 * HOUR),
      suspendAfter: 20,
      tick: () => {
        throw new Error('no report');
      },
    });
    await h.clock.advance(15 * HOUR);
    expect(h.intake.row('nightly')).toMatchObject({ consecutiveFailures: 20, suspendedAt: expect.any(Date) });
    expect(fired()).toEqual([]);
  });

  it.each([
    ['a cursor', () => TriggerResult.fire({}, { cursor: 1 }), /cursor of a schedule is its last tick/],
    ['no result', () => 7, /returned a number, which is no TriggerResult/],
  ])('fails as well when it returns %s', async (_, tick, message) => {
    await started({ tick });
    await h.clock.advance(10 * SECOND);
    expect(h.intake.row('nightly').lastError).toMatch(message);
  });

  it('fires none of the ticks that are caught up together', async () => {
    let calls = 0;
    await started({
      timing: everyMs(10 * MINUTE),
      catchUp: 'all',
      tick: () => {
        calls += 1;
        if (calls === 2) throw new Error('the second');
      },
    });
    await stopped();
    h.clock.set(new Date(START + 35 * MINUTE));
    await h.poller.start();
    await h.clock.advance(0);
    expect(fired()).toEqual([]);
    await h.clock.advance(2 * SECOND);
    expect(fired()).toEqual([at(10 * MINUTE), at(20 * MINUTE), at(30 * MINUTE)]);
  });
});

describe('a tick that was tried and is late', () => {
  let broken: boolean;
  /** Fails at its first tick, is stopped, and started again that much later. */
  async function failAndComeBackAfter(ms: number): Promise<void> {
    broken = true;
    await started({
      timing: everyMs(HOUR),
      tick: () => {
        if (broken) throw new Error('no report');
      },
    });
    await h.clock.advance(HOUR);
    await stopped();
    broken = false;
    h.clock.set(new Date(START + HOUR + ms));
    await h.poller.start();
    await h.clock.advance(0);
  }

  it('fires after a stop as well', async () => {
    await failAndComeBackAfter(59 * MINUTE);
    expect(fired()).toEqual([at(HOUR)]);
    expect(cursor()).toEqual({ of: 'every 3600000ms', last: at(HOUR) });
  });

  it('is missed, with those that nobody tried, when another is due: none of them is on time', async () => {
    await failAndComeBackAfter(2 * 24 * HOUR + 30 * MINUTE);
    expect(fired()).toEqual([]);
    expect(reasons().at(-1)).toBe(`missed 49 ticks from ${at(HOUR)} to ${at(49 * HOUR)}`);
    await h.clock.advance(30 * MINUTE);
    expect(fired()).toEqual([at(50 * HOUR)]);
  });

  it('leaves its place to one that is on time', async () => {
    await failAndComeBackAfter(5 * HOUR + 30 * SECOND);
    expect(fired()).toEqual([at(6 * HOUR)]);
    expect(reasons().at(-1)).toBe(`missed 5 ticks from ${at(HOUR)} to ${at(5 * HOUR)}`);
  });
});

describe('a method that takes its time', () => {
  /** Where that many ticks are caught up, each after such a time; a tick without one never ends. */
  async function catchUp(ticks: number, tookMs: (call: number) => number | null): Promise<() => string[]> {
    const calls: string[] = [];
    const tick = ({ scheduledFor }: ScheduleTick): Promise<void> => {
      const ms = tookMs(calls.push(scheduledFor.toISOString()));
      return new Promise((resolve) => {
        if (ms !== null) h.clock.setTimer(() => resolve(), ms);
      });
    };
    await started({ timing: everyMs(HOUR), catchUp: 'all', tick });
    await stopped();
    h.clock.set(new Date(START + ticks * HOUR + MINUTE));
    await h.poller.start();
    return () => calls;
  }
  const commits = (): number[] => h.intake.writes.map(({ drafts }) => drafts.length).filter((count) => count > 0);
  const hours = (count: number): string[] => Array.from({ length: count }, (_, before) => at((before + 1) * HOUR));

  it('catches all ticks up, in several commits where a timeout is too short for one', async () => {
    const calls = await catchUp(100, () => 500);
    await h.clock.advance(MINUTE);
    expect(calls()).toEqual(hours(100));
    expect(fired()).toEqual(hours(100));
    expect(commits()).toEqual([60, 40]);
    expect(h.eventNames()).not.toContain('trigger.failing');
  });

  it('has its whole timeout for each tick', async () => {
    const calls = await catchUp(5, () => 20 * SECOND);
    await h.clock.advance(2 * MINUTE);
    expect(calls()).toEqual(hours(5));
    expect(commits()).toEqual([2, 2, 1]);
    expect(h.eventNames()).not.toContain('trigger.failing');
  });

  it('fails when one tick outlives it', async () => {
    await catchUp(3, (call) => (call === 2 ? null : 20 * SECOND));
    await h.clock.advance(50 * SECOND - 1);
    expect(h.eventNames()).not.toContain('trigger.stalled');
    await h.clock.advance(1);
    expect(h.eventNames()).toEqual(expect.arrayContaining(['trigger.stalled', 'trigger.failing']));
    expect(fired()).toEqual([]);
  });
});

describe('a calendar that throws', () => {
  it('makes its trigger failing, and nobody else', async () => {
    const broken = {
      after: () => {
        throw new RangeError('loop limit exceeded');
      },
    };
    await started({ timing: { of: 'broken', calendarSince: () => broken } });
    h.poller.add(defineSchedule(h, { name: 'other' }));
    await h.poller.enlist([h.poller.require('other')]);
    await h.clock.advance(10 * SECOND);
    expect(h.intake.row('nightly')).toMatchObject({ lastError: expect.stringMatching('loop limit') });
    expect(fired()).toEqual([at(10 * SECOND)]);
  });
});

describe('two nodes', () => {
  it('fire each tick once, and the other goes on where a stopped one has been', async () => {
    const shared = new FakeTriggers();
    const clock = new TestClock();
    const bodies: string[] = [];
    const nodes: PollHarness[] = [];
    for (const nodeId of ['one', 'two']) {
      const node = await createHarness({ clock, shared, nodeId: nodeId });
      node.poller.add(
        defineSchedule(node, { tick: ({ scheduledFor }) => void bodies.push(scheduledFor.toISOString()) }),
      );
      await node.poller.start();
      nodes.push(node);
    }
    await clock.advance(25 * SECOND);
    const [owner, other] = shared.rows.get('nightly')?.owner === 'one' ? nodes : [...nodes].reverse();
    await owner?.poller.stop(AbortSignal.abort());
    await other?.poller.renewed();
    await clock.advance(15 * SECOND);
    expect(bodies).toEqual(seconds(10, 20, 30, 40));
  });

  // Cloacina case 11
  it('commit a tick once where both believe to own it', async () => {
    await started();
    h.intake.steal('nightly');
    await h.clock.advance(10 * SECOND);
    expect(fired()).toEqual([]);
    expect(h.poller.require('nightly').isOwned).toBe(false);
  });
});
