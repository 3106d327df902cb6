import fc from 'fast-check';
import { TriggerResult } from '../../model/trigger-result.js';
import { PROPERTY_TIMEOUT_MS, runs } from '../../testing/properties.contract.js';
import { createHarness } from './poll-harness.contract.js';
import type { PollHarness } from './poll-harness.contract.js';
import { spreadMs } from './poll-schedule.js';

const MINUTE_MS = 60_000;
const QUARTER_MS = 15 * MINUTE_MS;

/** What one call of a method does: odd and even keep it from ending in the instant of its timeout. */
const bodies = fc.record({
  lastsMs: fc.oneof(
    { weight: 5, arbitrary: fc.constant(0) },
    { weight: 3, arbitrary: fc.nat({ max: 3_000 }).map((half) => 2 * half + 1) },
    { weight: 2, arbitrary: fc.nat({ max: 60_000 }).map((half) => 2 * half + 1) },
  ),
  ends: fc.constantFrom('skips' as const, 'skips' as const, 'fires' as const, 'throws' as const),
});
type Body = typeof bodies extends fc.Arbitrary<infer B> ? B : never;

const triggers = fc.record({
  intervalMs: fc.oneof(
    fc.integer({ min: 10, max: 400 }).map((ms) => ms * 10),
    fc.integer({ min: 1, max: 30 }).map((m) => m * MINUTE_MS),
  ),
  timeoutMs: fc.integer({ min: 50, max: 20_000 }).map((half) => 2 * half),
  bodies: fc.array(bodies, { maxLength: 30 }),
});
type Trigger = typeof triggers extends fc.Arbitrary<infer T> ? T : never;

/** Long runs of them are short: few polls an hour. */
const slowTriggers = triggers.map((trigger) => ({ ...trigger, intervalMs: Math.max(trigger.intervalMs, 30_000) }));

interface Call {
  readonly at: number;
  endedAt: number | null;
}

/** Adds a trigger whose method does what its bodies say, then skips at once, and writes its calls down. */
function add(
  harness: PollHarness,
  name: string,
  { intervalMs: pollIntervalMs, timeoutMs, bodies: given }: Trigger,
): Call[] {
  const { clock } = harness;
  const calls: Call[] = [];
  harness.add({
    name,
    pollIntervalMs,
    timeoutMs,
    poll: async () => {
      const { lastsMs, ends }: Body = given[calls.length] ?? { lastsMs: 0, ends: 'skips' };
      const call: Call = { at: clock.monotonic(), endedAt: null };
      calls.push(call);
      if (lastsMs > 0) await new Promise<void>((resolve) => void clock.setTimer(resolve, lastsMs));
      call.endedAt = clock.monotonic();
      if (ends === 'throws') throw new Error('broken');
      return ends === 'fires' ? TriggerResult.fire({ n: calls.length }) : TriggerResult.skip('nothing');
    },
  });
  return calls;
}

/** When the method is called until a moment, as semantics §4 says it: a fixed rate, and back-off from failed calls on. */
function expectedCalls(name: string, { intervalMs, timeoutMs, bodies: given }: Trigger, until: number): number[] {
  const calls: number[] = [];
  let failures = 0;
  for (let next = spreadMs(name, intervalMs); next <= until && failures < 20;) {
    const at = next;
    const { lastsMs, ends } = given[calls.length] ?? { lastsMs: 0, ends: 'skips' };
    calls.push(at);
    if (lastsMs > timeoutMs * 10) return calls;
    const isFailure = lastsMs > timeoutMs || ends === 'throws';
    failures = isFailure ? failures + 1 : 0;
    const endedAt = at + lastsMs;
    if (isFailure)
      next = Math.max(at + Math.min(intervalMs * 2 ** failures, Math.max(intervalMs, QUARTER_MS)), endedAt);
    else for (next = at + intervalMs; next < endedAt;) next += intervalMs;
  }
  return calls;
}

const operations = fc.record({
  afterMs: fc.oneof(fc.nat({ max: 5_000 }), fc.nat({ max: 20 * MINUTE_MS })),
  what: fc.constantFrom('disable', 'enable', 'jump forward', 'jump back', 'restart', 'lose the lease', 'renew'),
});

async function operate({ clock, intake, poller, control }: PollHarness, what: string): Promise<void> {
  if (what === 'disable' || what === 'enable') {
    intake.operate('t0', { enabledOverride: what === 'enable' });
    control.changed('t0');
  } else if (what.startsWith('jump'))
    clock.set(new Date(clock.now() + (what === 'jump back' ? -1 : 1) * 90 * MINUTE_MS));
  else if (what === 'restart') {
    await poller.stop(AbortSignal.abort());
    await poller.start();
  } else {
    if (what === 'lose the lease') poller.leaseLost();
    await poller.renewed();
  }
  await clock.settle();
}

/** Calls that began while another was on its way and not yet given up, or sooner than an interval after it without a reason. */
function wrongCalls(calls: readonly Call[], { intervalMs, timeoutMs }: Trigger, reasons: readonly number[]): Call[] {
  return calls.filter((call, index) => {
    const before = calls.slice(0, index);
    const overlaps = before.some(
      ({ at, endedAt }) => (endedAt === null || endedAt > call.at) && call.at < at + 10 * timeoutMs,
    );
    const last = before.at(-1);
    const early = last !== undefined && call.at < last.at + intervalMs;
    // A poll that met an operation is followed by another at once, beside the grid.
    const since = before.at(-2)?.at ?? 0;
    return overlaps || (early && !reasons.some((at) => at >= since && at <= call.at));
  });
}

describe('the times of polls', () => {
  it(
    'are those of a model clock, whatever the bodies do and however long, each trigger by itself',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(triggers, { minLength: 1, maxLength: 3 }),
          fc.nat({ max: 300 }),
          async (given, slots) => {
            const harness = await createHarness();
            const calls = given.map((trigger, at) => add(harness, `t${at}`, trigger));
            await harness.poller.start();
            const shortest = Math.min(...given.map(({ intervalMs }) => intervalMs));
            const until = shortest * slots;
            await harness.clock.advance(until);
            expect(calls.map((own) => own.map(({ at }) => at))).toEqual(
              given.map((trigger, at) => expectedCalls(`t${at}`, trigger, until)),
            );
          },
        ),
        runs(40),
      );
    },
    PROPERTY_TIMEOUT_MS,
  );

  it(
    'never overlap, are never early, rest while disabled and never stop otherwise, whatever operators and clocks do',
    async () => {
      await fc.assert(
        fc.asyncProperty(slowTriggers, fc.array(operations, { maxLength: 12 }), async (given, planned) => {
          const harness = await createHarness();
          const { clock, poller, intake, control } = harness;
          const trigger = { ...given, bodies: given.bodies.slice(0, 15) };
          const calls = add(harness, 't0', trigger);
          await poller.start();
          const reasons: number[] = [];
          let isEnabled = true;
          for (const { afterMs, what } of planned) {
            const before = calls.length;
            await clock.advance(afterMs);
            if (!isEnabled) expect(calls).toHaveLength(before);
            await operate(harness, what);
            if (what === 'disable') isEnabled = false;
            if (what === 'enable') isEnabled = true;
            reasons.push(clock.monotonic());
          }
          expect(wrongCalls(calls, trigger, reasons)).toEqual([]);
          intake.operate('t0', { enabledOverride: true, suspendedAt: null });
          control.changed('t0');
          for (let round = 0; round < 20; round += 1) {
            const before = calls.length;
            await clock.advance(Math.max(trigger.intervalMs, QUARTER_MS) + MINUTE_MS);
            await poller.renewed();
            if (round > 15) expect(calls.length).toBeGreaterThan(before);
          }
          await poller.stop(AbortSignal.abort());
        }),
        runs(30),
      );
    },
    PROPERTY_TIMEOUT_MS,
  );
});
