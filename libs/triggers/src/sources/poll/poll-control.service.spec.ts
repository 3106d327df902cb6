import { gate } from '../../../../../test/support/gate.js';
import type { Gate } from '../../../../../test/support/gate.js';
import { TriggerResult } from '../../model/trigger-result.js';
import { createHarness } from './poll-harness.contract.js';
import type { PollHarness } from './poll-harness.contract.js';
import type { Poll } from './poll.js';

const SECOND = 1_000;

let harness: PollHarness;
beforeEach(async () => {
  harness = await createHarness();
});

describe('pollNow', () => {
  it('polls at once, tells what the poll did, and leaves the fixed rate as it is', async () => {
    const at: number[] = [];
    harness.add({
      name: 'inbox',
      pollIntervalMs: 10 * SECOND,
      poll: () => {
        at.push(harness.clock.monotonic());
        return TriggerResult.fire({ a: 1 });
      },
    });
    await harness.poller.start();
    await harness.clock.advance(12 * SECOND);
    const grid = [...at];
    expect(await harness.control.pollNow('inbox')).toMatchObject({
      status: 'fired',
      outcomes: [{ status: 'accepted' }],
    });
    await harness.clock.advance(10 * SECOND);
    expect(at.filter((instant) => instant !== 12 * SECOND)).toEqual([...grid, (grid.at(-1) ?? 0) + 10 * SECOND]);
  });

  it('waits for the poll under way and then polls once for everybody who asked', async () => {
    const bodies: Gate<TriggerResult>[] = [];
    harness.add({
      name: 'inbox',
      poll: () => {
        bodies.push(gate());
        return bodies.at(-1)!.opened;
      },
    });
    await harness.poller.start();
    await harness.clock.advance(SECOND);
    const reports = [harness.control.pollNow('inbox'), harness.control.pollNow('inbox')];
    bodies[0]?.open(TriggerResult.skip('first'));
    await harness.clock.advance(0);
    expect(bodies).toHaveLength(2);
    bodies[1]?.open(TriggerResult.skip('second'));
    expect(await Promise.all(reports)).toMatchObject([{ reason: 'second' }, { reason: 'second' }]);
    await harness.clock.settle();
    expect(bodies).toHaveLength(2);
  });

  it('reports a failure and a timeout', async () => {
    let result: () => Promise<TriggerResult> = () => Promise.reject(new Error('broken'));
    harness.add({ name: 'inbox', timeoutMs: SECOND, poll: () => result() });
    await harness.poller.start();
    expect(await harness.control.pollNow('inbox')).toMatchObject({ status: 'failed', error: 'broken' });
    result = () => gate<TriggerResult>().opened;
    const report = harness.control.pollNow('inbox');
    await harness.clock.advance(SECOND);
    expect(await report).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('did not return within 1s'),
    });
    expect(await harness.control.pollNow('inbox')).toMatchObject({
      status: 'refused',
      reason: expect.stringContaining('is stalled'),
    });
  });

  it('says why it does not poll', async () => {
    for (const name of ['off', 'elsewhere', 'suspended', 'idle'])
      harness.add({ name, poll: () => TriggerResult.skip() });
    harness.intake.seed('off', { enabledOverride: false });
    harness.intake.seed('elsewhere', { owner: 'other' });
    harness.intake.seed('suspended', { suspendedAt: new Date(0) });
    expect(await harness.control.pollNow('idle')).toMatchObject({
      reason: expect.stringContaining('does not run the engine'),
    });
    await harness.poller.start();
    expect(await harness.control.pollNow('off')).toMatchObject({ reason: expect.stringContaining('is disabled') });
    expect(await harness.control.pollNow('elsewhere')).toMatchObject({
      reason: expect.stringContaining('another node'),
    });
    expect(await harness.control.pollNow('suspended')).toMatchObject({
      reason: expect.stringContaining('is suspended'),
    });
    await expect(harness.control.pollNow('unknown')).rejects.toThrow(
      'There is no trigger "unknown". Known: "off", "elsewhere", "suspended", "idle".',
    );
  });

  it('answers who waits when the trigger is lost', async () => {
    harness.add({ name: 'inbox', poll: () => gate<TriggerResult>().opened });
    await harness.poller.start();
    const report = harness.control.pollNow('inbox');
    await harness.clock.settle();
    harness.poller.leaseLost();
    expect(await report).toEqual({
      status: 'refused',
      reason: 'This node lost its lease; another node polls its triggers.',
    });
  });
});

describe('test', () => {
  it('judges every item by reads, with the stored cursor, and writes nothing', async () => {
    const seen: Poll[] = [];
    harness.add({
      name: 'inbox',
      enabled: false,
      poll: (poll) => {
        seen.push(poll);
        return TriggerResult.fireMany([{ dedupKey: 'old' }, { dedupKey: 'new' }], { cursor: 2 });
      },
    });
    harness.intake.seed('inbox', { cursor: '1' });
    harness.intake.keys.add('old');
    expect(await harness.control.test('inbox')).toMatchObject({
      status: 'fired',
      cursor: 2,
      more: false,
      items: [
        { status: 'duplicate', dedupKey: 'old' },
        { status: 'accepted', dedupKey: 'new' },
      ],
    });
    expect(seen).toMatchObject([{ dryRun: true, cursor: 1 }]);
    expect(harness.intake.writes).toEqual([]);
    expect(harness.intake.keys).toEqual(new Set(['old']));
  });

  it('runs beside the polls of the owner and delays none', async () => {
    let owned = 0;
    const dry = gate<TriggerResult>();
    harness.add({
      name: 'inbox',
      poll: (poll) => {
        if (poll.dryRun) return dry.opened;
        owned += 1;
        return TriggerResult.skip();
      },
    });
    await harness.poller.start();
    const report = harness.control.test('inbox');
    await harness.clock.advance(5 * SECOND);
    expect(owned).toBe(5);
    dry.open(TriggerResult.skip('nothing'));
    expect(await report).toEqual({
      status: 'skipped',
      reason: 'nothing',
      items: [],
      cursor: undefined,
      more: false,
      durationMs: 5 * SECOND,
    });
  });

  it('tells a failure and a timeout, counts none, and aborts the signal', async () => {
    let seen: Poll | undefined;
    harness.add({
      name: 'broken',
      poll: () => {
        throw new Error('broken');
      },
    });
    harness.add({ name: 'wrong', poll: () => 5 as never });
    harness.add({
      name: 'hangs',
      timeoutMs: 3 * SECOND,
      poll: (poll) => {
        if (poll.dryRun) seen = poll;
        return gate<TriggerResult>().opened;
      },
    });
    await harness.poller.enlist([
      harness.poller.require('broken'),
      harness.poller.require('wrong'),
      harness.poller.require('hangs'),
    ]);
    expect(await harness.control.test('broken')).toMatchObject({ status: 'failed', error: 'broken', code: null });
    expect(await harness.control.test('wrong')).toMatchObject({ status: 'failed', code: 'TRG_POLL_RESULT' });
    const report = harness.control.test('hangs');
    await harness.clock.advance(3 * SECOND);
    expect(await report).toMatchObject({ status: 'failed', code: 'TRG_POLL_TIMEOUT' });
    expect(seen?.signal.aborted).toBe(true);
    expect(harness.intake.row('broken').consecutiveFailures).toBe(0);
    expect(harness.events).toEqual([]);
  });
});

describe('live', () => {
  it('knows the next and the last poll and what is not written yet', async () => {
    harness.add({ name: 'inbox', poll: () => TriggerResult.skip('empty') });
    expect(harness.control.live('inbox')).toBeUndefined();
    await harness.poller.start();
    await harness.clock.advance(3 * SECOND);
    const live = harness.control.live('inbox');
    expect(live).toMatchObject({
      polling: false,
      stalled: false,
      unwritten: { polls: 3, skips: 3, duplicates: 0, failures: 0 },
    });
    expect(live!.nextPollAt!.getTime() - live!.lastPollAt!.getTime()).toBe(SECOND);
    expect(live!.lastPollAt!.getTime()).toBeLessThanOrEqual(harness.clock.now());
  });
});
