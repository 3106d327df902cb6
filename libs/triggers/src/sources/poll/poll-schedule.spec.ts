import fc from 'fast-check';
import { runs } from '../../testing/properties.contract.js';
import { MAX_SPREAD_MS, backoffMs, firstDelayMs, nextSlot, spreadMs } from './poll-schedule.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('first poll', () => {
  const start = { name: 'inbox', failures: 0, isHandedOver: false };

  it('comes within a minute, at a place of its own, and at the same place after a restart', () => {
    const places = Array.from({ length: 10_000 }, (_, index) => spreadMs(`trigger_${index}`, DAY));
    expect(Math.max(...places)).toBeLessThan(MAX_SPREAD_MS);
    expect(spreadMs('trigger_7', DAY)).toBe(places[7]);
    const perSecond = new Map<number, number>();
    for (const at of places) perSecond.set(Math.floor(at / 1_000), (perSecond.get(Math.floor(at / 1_000)) ?? 0) + 1);
    expect(Math.max(...perSecond.values())).toBeLessThan(250);
  });

  it('comes within one interval if that is shorter than a minute', () => {
    expect(spreadMs('inbox', 100)).toBeLessThan(100);
  });

  it.each([
    // Cloacina T-8
    ['a 24 h trigger polled 1 h ago waits the other 23 h', DAY, HOUR, 0, 23 * HOUR],
    ['a 5 m trigger polled 1 m ago waits the other 4 m', 5 * MINUTE, MINUTE, 0, 4 * MINUTE],
    ['a failing 1 h trigger waits its back-off', HOUR, HOUR, 1, 0],
    ['a failing 5 m trigger polled 5 m ago waits the other 5 m of its back-off', 5 * MINUTE, 5 * MINUTE, 1, 5 * MINUTE],
    ['an instant a little in the future counts as now', DAY, -1_000, 0, DAY],
  ])('%s', (_, intervalMs, lastPollAgoMs, failures, expected) => {
    const delayMs = firstDelayMs({ ...start, intervalMs, lastPollAgoMs, failures });
    expect(delayMs).toBe(expected === 0 ? spreadMs('inbox', intervalMs) : expected);
  });

  it.each([
    ['an overdue trigger', DAY, 2 * DAY],
    ['a short interval', 4 * MINUTE, MINUTE],
    ['a trigger that was never polled', DAY, null],
    ['an instant absurdly far in the future', DAY, -30 * DAY],
  ])('is spread for %s', (_, intervalMs, lastPollAgoMs) => {
    expect(firstDelayMs({ ...start, intervalMs, lastPollAgoMs })).toBe(spreadMs('inbox', intervalMs));
  });

  it.each([
    ['is due when it was due at its former owner', 1_000, 0, MINUTE - 1_000],
    ['waits the rest of its back-off', 1_000, 2, 4 * MINUTE - 1_000],
    ['waits for its next slot when it missed one', 2 * MINUTE - 1_000, 0, 1_000],
  ])('of a short interval that was handed over %s', (_, lastPollAgoMs, failures, expected) => {
    const handedOver = { ...start, isHandedOver: true };
    expect(firstDelayMs({ ...handedOver, intervalMs: MINUTE, lastPollAgoMs, failures })).toBe(expected);
  });

  it('of a long interval that was handed over is spread when it missed its slot', () => {
    const handedOver = { ...start, isHandedOver: true, intervalMs: DAY, lastPollAgoMs: DAY + 1_000 };
    expect(firstDelayMs(handedOver)).toBe(spreadMs('inbox', DAY));
  });
});

describe('back-off', () => {
  it.each([
    [2_000, [2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 512_000, 900_000, 900_000]],
    [10 * MINUTE, [10 * MINUTE, 15 * MINUTE, 15 * MINUTE]],
    [DAY, [DAY, DAY, DAY]],
  ])('of an interval of %d ms doubles up to the greater of interval and 15 m', (intervalMs, expected) => {
    expect(expected.map((_, failures) => backoffMs(intervalMs, failures))).toEqual(expected);
  });

  it('stays finite after any number of failures', () => {
    expect(backoffMs(1_000, 100_000)).toBe(900_000);
  });
});

describe('next slot', () => {
  it('is on the grid, not over, after the last one, and the first such slot', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e9 }),
        fc.integer({ min: 10, max: 1e8 }),
        fc.integer({ min: 0, max: 1e9 }),
        (slot, interval, late) => {
          const now = slot + late;
          const next = nextSlot(slot, interval, now);
          expect((next - slot) % interval).toBe(0);
          expect(next).toBeGreaterThanOrEqual(now);
          expect(next).toBeGreaterThan(slot);
          if (next - interval > slot) expect(next - interval).toBeLessThan(now);
        },
      ),
      runs(100),
    );
  });
});
