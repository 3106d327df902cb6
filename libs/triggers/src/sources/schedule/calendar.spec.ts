import { lastTicks, ticksBetween } from './calendar.js';
import { CronCalendar } from './cron.calendar.js';
import { IntervalCalendar } from './interval.calendar.js';

const HOUR_MS = 3_600_000;

describe('the ticks of an interval', () => {
  const calendar = new IntervalCalendar(1_000, 300);

  it('are its multiples since the anchor, which is none of them', () => {
    expect(ticksBetween(calendar, 0, 1_900)).toEqual([1_300, 1_600, 1_900]);
    expect(calendar.after(1_600)).toBe(1_900);
    expect(calendar.after(1_599)).toBe(1_600);
  });

  it('are the same far from the anchor', () => {
    expect(new IntervalCalendar(7, 86_400_000).after(7 + 86_400_000 * 1_000)).toBe(7 + 86_400_000 * 1_001);
  });
});

describe('ticksBetween', () => {
  // Cloacina case 37, Cloacina case 38
  it('leaves out where it begins and takes in where it ends, oldest first', () => {
    const hourly = new CronCalendar('0 * * * *', 'UTC');
    expect(ticksBetween(hourly, 0, 3 * HOUR_MS)).toEqual([HOUR_MS, 2 * HOUR_MS, 3 * HOUR_MS]);
    expect(ticksBetween(hourly, 0, 3 * HOUR_MS, 2)).toEqual([HOUR_MS, 2 * HOUR_MS]);
    expect(ticksBetween(hourly, 0, HOUR_MS - 1)).toEqual([]);
  });

  it('ends with the calendar', () => {
    expect(ticksBetween({ after: (instant) => (instant < 5 ? 5 : null) }, 0, 10)).toEqual([5]);
  });
});

describe('lastTicks', () => {
  it('finds the last ones oldest first, and no earlier than it may', () => {
    const hourly = new CronCalendar('0 * * * *', 'UTC');
    expect(lastTicks(hourly, 0, 1_000 * HOUR_MS + 1, 2)).toEqual([999 * HOUR_MS, 1_000 * HOUR_MS]);
    expect(lastTicks(hourly, 999 * HOUR_MS, 1_000 * HOUR_MS, 2)).toEqual([1_000 * HOUR_MS]);
    expect(lastTicks(hourly, 5, 5, 2)).toEqual([]);
  });

  it('asks little of a calendar that ticks every second since long ago', () => {
    let asked = 0;
    const counting = {
      after: (instant: number): number => ((asked += 1), Math.floor(instant / 1_000) * 1_000 + 1_000),
    };
    expect(lastTicks(counting, 0, 1_000_000_000_000, 100)).toHaveLength(100);
    expect(asked).toBeLessThan(1_000);
  });
});
