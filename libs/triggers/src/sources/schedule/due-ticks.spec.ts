import fc from 'fast-check';
import { runs } from '../../testing/properties.contract.js';
import { ticksBetween } from './calendar.js';
import { describeMissed, dueTicks, retryAt } from './due-ticks.js';
import type { CatchUp } from './due-ticks.js';
import { IntervalCalendar } from './interval.calendar.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const hourly = new IntervalCalendar(0, HOUR_MS);
const hours = (...of: number[]): number[] => of.map((hour) => hour * HOUR_MS);

function due(catchUp: CatchUp, since: number, now: number, tried: number | null = null): ReturnType<typeof dueTicks> {
  return dueTicks(hourly, { since, now, maxLatenessMs: MINUTE_MS, catchUp, tried });
}

describe('a tick', () => {
  it('fires at its instant and for as long as it is on time', () => {
    for (const late of [0, MINUTE_MS]) {
      expect(due('skip', 0, HOUR_MS + late)).toEqual({ ticks: hours(1), missed: null });
    }
    expect(due('skip', 0, HOUR_MS - 1)).toEqual({ ticks: [], missed: null });
    expect(due('skip', HOUR_MS, HOUR_MS)).toEqual({ ticks: [], missed: null });
  });

  it('is missed from then on', () => {
    expect(due('skip', 0, HOUR_MS + MINUTE_MS + 1)).toEqual({
      ticks: [],
      missed: { first: HOUR_MS, last: HOUR_MS, count: 1 },
    });
  });
});

describe('a late tick that was tried on time', () => {
  const late = 3 * HOUR_MS + 30 * MINUTE_MS;

  it('fires while it is the latest', () => {
    expect(due('skip', 2 * HOUR_MS, late, 3 * HOUR_MS)).toEqual({ ticks: hours(3), missed: null });
  });

  it('is missed with all others once another came that is late as well', () => {
    const missed = { first: HOUR_MS, last: 3 * HOUR_MS, count: 3 };
    expect(due('skip', 0, late, 2 * HOUR_MS)).toEqual({ ticks: [], missed });
  });

  it('gives way to one that is on time', () => {
    const missed = { first: 3 * HOUR_MS, last: 3 * HOUR_MS, count: 1 };
    expect(due('skip', 2 * HOUR_MS, 4 * HOUR_MS, 3 * HOUR_MS)).toEqual({ ticks: hours(4), missed });
  });
});

describe('the next try after a failure', () => {
  const next = (planned: number): number => retryAt(hourly, { failedAt: HOUR_MS, planned, maxLatenessMs: MINUTE_MS });

  it('is when it is planned, as long as no other tick is late by then', () => {
    for (const planned of [HOUR_MS + 2_000, 2 * HOUR_MS - 1, 2 * HOUR_MS, 2 * HOUR_MS + MINUTE_MS / 2]) {
      expect(next(planned)).toBe(planned);
    }
  });

  it('is at the latest tick before, which would not be on time otherwise', () => {
    expect(next(2 * HOUR_MS + MINUTE_MS)).toBe(2 * HOUR_MS);
    expect(next(4 * HOUR_MS - 1)).toBe(3 * HOUR_MS);
  });
});

describe('after five hours in which nobody fired', () => {
  const [since, late, onTime] = [HOUR_MS / 2, 5 * HOUR_MS + 2 * MINUTE_MS, 5 * HOUR_MS + 1];
  const missed = (first: number, last: number): object => ({
    first: first * HOUR_MS,
    last: last * HOUR_MS,
    count: last - first + 1,
  });

  it.each([
    ['skip', late, [], missed(1, 5)],
    ['skip', onTime, hours(5), missed(1, 4)],
    ['latest', late, hours(5), missed(1, 4)],
    ['latest', onTime, hours(5), missed(1, 4)],
    ['all', late, hours(1, 2, 3, 4, 5), null],
    ['all', onTime, hours(1, 2, 3, 4, 5), null],
  ] as const)('%s at %d', (catchUp, now, ticks, expected) => {
    expect(due(catchUp, since, now)).toEqual({ ticks, missed: expected });
  });
});

describe('what is caught up', () => {
  // Cloacina case 43, Cloacina case 119
  it('are the latest 100 ticks, oldest first', () => {
    const { ticks, missed } = due('all', 0, 250 * HOUR_MS);
    expect(ticks).toEqual(hours(...Array.from({ length: 100 }, (_, at) => 151 + at)));
    expect(missed).toEqual({ first: HOUR_MS, last: 150 * HOUR_MS, count: 150 });
  });

  it('are at most 100 at a time of those that are on time, the oldest first', () => {
    const everySecond = new IntervalCalendar(0, 1_000);
    const view = { since: 0, now: 150_000, maxLatenessMs: HOUR_MS, catchUp: 'all', tried: null } as const;
    const { ticks, missed } = dueTicks(everySecond, view);
    expect([ticks.length, ticks[0], missed]).toEqual([100, 1_000, null]);
  });
});

describe('missed ticks', () => {
  // Cloacina case 42
  it('are described with how many they are', () => {
    const tell = (now: number): string | null => {
      const { missed } = due('skip', 0, now * HOUR_MS - 1);
      return missed && describeMissed(missed);
    };
    expect(tell(2)).toBe('missed the tick of 1970-01-01T01:00:00.000Z');
    expect(tell(4)).toBe('missed 3 ticks from 1970-01-01T01:00:00.000Z to 1970-01-01T03:00:00.000Z');
    expect(tell(2_001)).toBe('missed more than 1000 ticks from 1970-01-01T01:00:00.000Z to 1970-03-25T08:00:00.000Z');
  });
});

it('every tick fires or is missed, and only those, whatever the policy', () => {
  const views = fc.record({
    since: fc.nat(10_000),
    forMs: fc.nat(10_000),
    maxLatenessMs: fc.integer({ min: 1, max: 5_000 }),
    everyMs: fc.integer({ min: 10, max: 3_000 }),
    catchUp: fc.constantFrom<CatchUp>('skip', 'latest', 'all'),
  });
  fc.assert(
    fc.property(views, ({ since, forMs, maxLatenessMs, everyMs, catchUp }) => {
      const calendar = new IntervalCalendar(7, everyMs);
      const now = since + forMs;
      const due = dueTicks(calendar, { since, now, maxLatenessMs, catchUp, tried: null });
      const all = ticksBetween(calendar, since, now);
      const first = due.ticks[0] ?? now + 1;
      const missed = all.filter((tick) => tick < first);
      expect(due.ticks).toEqual(all.filter((tick) => tick >= first).slice(0, due.ticks.length));
      expect(due.missed?.count ?? 0).toBe(missed.length);
      expect([due.missed?.first, due.missed?.last]).toEqual([missed[0], missed.at(-1)]);
      const isCut = due.ticks.length === 100;
      if (!isCut) expect(due.ticks.length + missed.length).toBe(all.length);
      const fresh = all.filter((tick) => tick >= now - maxLatenessMs);
      if (!isCut) expect(due.ticks).toEqual(expect.arrayContaining(fresh));
    }),
    runs(200),
  );
});
