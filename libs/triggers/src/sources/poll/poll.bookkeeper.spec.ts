import { gate } from '../../../../../test/support/gate.js';
import type { Gate } from '../../../../../test/support/gate.js';
import { TriggerResult } from '../../model/trigger-result.js';
import { TestClock } from '../../testing/test-clock.js';
import { FakeTriggers } from './fake-trigger-rows.contract.js';
import { createHarness } from './poll-harness.contract.js';
import type { PollHarness } from './poll-harness.contract.js';
import { COUNTS_EVERY_MS } from './tick-counter.js';
import type { TestDefinition } from './test-trigger.contract.js';

const SECOND = 1_000;
const MINUTE = 60_000;
const RENEWAL = 10 * SECOND;

let harness: PollHarness;
let polls: number;
beforeEach(async () => {
  harness = await createHarness();
  polls = 0;
});

/** Adds a trigger that skips and counts its polls. */
function idle(definition: Partial<TestDefinition> = {}): void {
  harness.add({
    ...definition,
    poll: () => {
      polls += 1;
      return TriggerResult.skip('empty');
    },
  });
}

/** Lets time pass, with the lease renewed as it would be; says how many writes each renewal brought. */
async function pass(ms: number): Promise<number[]> {
  const brought: number[] = [];
  for (let left = ms; left > 0; left -= RENEWAL) {
    await harness.clock.advance(RENEWAL);
    const before = harness.intake.writes.length;
    await harness.poller.renewed();
    await harness.clock.settle();
    brought.push(harness.intake.writes.length - before);
  }
  return brought;
}

/** Polls until the counts are due at the next renewal. */
async function untilDue(): Promise<void> {
  await harness.poller.start();
  await harness.clock.advance(COUNTS_EVERY_MS);
  expect(harness.intake.writes).toEqual([]);
}

/** Holds the next write back until the returned promise is settled. */
function holdWrite(): Gate<void> {
  const held = gate<void>();
  const commit = harness.intake.commit.bind(harness.intake);
  jest.spyOn(harness.intake, 'commit').mockImplementationOnce(async (write, options) => {
    await held.opened;
    return commit(write, options);
  });
  return held;
}

const counted = (): number => harness.intake.writes.reduce((sum, { counts }) => sum + counts.polls, 0);

describe('the counts of idle polls', () => {
  it('are written once in a quarter of an hour, as one row that grows', async () => {
    idle();
    await harness.poller.start();
    const brought = await pass(3 * COUNTS_EVERY_MS);
    const at = brought.flatMap((writes, index) => (writes > 0 ? [index * RENEWAL] : []));
    expect(at).toEqual([at[0], (at[0] ?? 0) + COUNTS_EVERY_MS, (at[0] ?? 0) + 2 * COUNTS_EVERY_MS]);
    expect(harness.intake.writes).toHaveLength(3);
    expect(new Set(harness.intake.writes.flatMap(({ ticks }) => ticks.map(({ id }) => id))).size).toBe(1);
    expect(harness.intake.writes.at(-1)?.ticks).toMatchObject([{ count: counted() }]);
    expect(counted() + (harness.control.live('inbox')?.unwritten.polls ?? 0)).toBe(polls);
  });

  it('are written in small groups all the time, where there are many triggers', async () => {
    for (let index = 0; index < 900; index += 1) idle({ name: `idle_${index}`, pollIntervalMs: MINUTE });
    await harness.poller.start();
    await pass(COUNTS_EVERY_MS);
    const brought = await pass(COUNTS_EVERY_MS);
    expect(brought.reduce((sum, writes) => sum + writes, 0)).toBe(900);
    expect(Math.max(...brought)).toBeLessThan(30);
    expect(new Set(harness.intake.writes.slice(-900).map(({ trigger }) => trigger)).size).toBe(900);
  });

  it('are not added to while they are written: the poll that is due comes right after', async () => {
    idle();
    await untilDue();
    const write = holdWrite();
    const renewed = harness.poller.renewed();
    const before = polls;
    await harness.clock.advance(1_500);
    expect(polls).toBe(before);
    write.open();
    await renewed;
    await harness.clock.advance(0);
    expect(polls).toBe(before + 1);
    expect(counted()).toBe(before);
    await harness.clock.advance(SECOND);
    expect(polls).toBe(before + 2);
  });

  it('are written before the poll that somebody asked for meanwhile', async () => {
    idle();
    await untilDue();
    const write = holdWrite();
    const renewed = harness.poller.renewed();
    await harness.clock.settle();
    const report = harness.control.pollNow('inbox');
    write.open();
    await renewed;
    await harness.clock.advance(0);
    expect(await report).toMatchObject({ status: 'skipped' });
    expect(harness.control.live('inbox')?.unwritten.polls).toBe(1);
  });

  it('are written by the poll that is under way, which is not waited for', async () => {
    const bodies: Gate<TriggerResult>[] = [];
    harness.add({
      poll: () => {
        bodies.push(gate());
        return bodies.length % 2 === 1 ? TriggerResult.skip('empty') : bodies.at(-1)!.opened;
      },
      timeoutMs: 2 * COUNTS_EVERY_MS,
    });
    await untilDue();
    await harness.poller.renewed();
    expect(harness.intake.writes).toEqual([]);
    bodies[1]?.open(TriggerResult.skip('empty'));
    await harness.clock.settle();
    expect(harness.intake.writes.map(({ counts }) => counts.polls)).toEqual([2]);
    await pass(MINUTE);
    expect(harness.intake.writes).toHaveLength(1);
  });

  it('stay in memory while the store is away, and polls go on', async () => {
    idle();
    await untilDue();
    harness.intake.isAway = true;
    await harness.poller.renewed();
    const before = polls;
    await harness.clock.advance(2 * SECOND);
    expect(polls).toBe(before + 2);
    harness.intake.back();
    await harness.poller.renewed();
    expect(counted()).toBe(polls);
  });

  it('are written of a trigger that was disabled since', async () => {
    idle();
    await untilDue();
    harness.intake.operate('inbox', { enabledOverride: false });
    await harness.poller.renewed();
    expect(counted()).toBe(polls);
  });

  it('bring back no trigger whose lease was lost while they were written', async () => {
    idle();
    await untilDue();
    const write = holdWrite();
    const renewed = harness.poller.renewed();
    await harness.clock.settle();
    harness.poller.leaseLost();
    write.open();
    await renewed;
    const before = polls;
    await harness.clock.advance(MINUTE);
    expect(polls).toBe(before);
    expect(harness.control.live('inbox')).toBeUndefined();
  });

  it('are written for whoever looks at the history, and for nobody where nothing is to write', async () => {
    idle();
    await harness.poller.start();
    await harness.clock.advance(5 * SECOND);
    await harness.control.writeCounts('inbox');
    expect(counted()).toBe(polls);
    await harness.control.writeCounts('inbox');
    await harness.control.writeCounts('nobody');
    expect(harness.intake.writes).toHaveLength(1);
  });
});

describe('the clock of an interval of five minutes', () => {
  it('is stored after every poll, so that a crash does not set it back', async () => {
    const among = { clock: new TestClock(), shared: new FakeTriggers() };
    harness = await createHarness({ ...among, nodeId: 'a' });
    idle({ pollIntervalMs: 5 * MINUTE });
    await harness.poller.start();
    await harness.clock.advance(6 * MINUTE);
    expect(polls).toBe(2);
    const { lastPollAt } = harness.intake.row('inbox');
    harness.poller.leaseLost();
    among.shared.living.delete('a');
    harness = await createHarness({ ...among, nodeId: 'b' });
    idle({ pollIntervalMs: 5 * MINUTE });
    await harness.poller.start();
    expect(harness.control.live('inbox')?.nextPollAt?.getTime()).toBe((lastPollAt?.getTime() ?? 0) + 5 * MINUTE);
  });
});
