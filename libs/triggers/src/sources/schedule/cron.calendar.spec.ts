import fc from 'fast-check';
import { ticksBetween } from './calendar.js';
import { runs } from '../../testing/properties.contract.js';
import { CronCalendar } from './cron.calendar.js';
import { modelTicks, wallTimeIn } from './cron-model.contract.js';

const DAY_MS = 86_400_000;

function ticksOf(expression: string, timeZone: string, from: string, to: string): string[] {
  const ticks = ticksBetween(new CronCalendar(expression, timeZone), Date.parse(from) - 1, Date.parse(to) - 1);
  return ticks.map((tick) => new Date(tick).toISOString().replace(':00.000Z', 'Z'));
}

/** Local days of Berlin, 2026. */
const SPRING = ['2026-03-28T23:00Z', '2026-03-29T22:00Z'] as const;
const AUTUMN = ['2026-10-24T22:00Z', '2026-10-25T23:00Z'] as const;

describe('CronCalendar', () => {
  // Cloacina T-13
  it.each([
    ['a time in the gap, at the moment after it', '30 2 * * *', SPRING, ['2026-03-29T01:00Z']],
    ['several times of one gap once', '*/30 2 * * *', SPRING, ['2026-03-29T01:00Z']],
    ['a time of the gap and the moment after it once', '0 2,3 * * *', SPRING, ['2026-03-29T01:00Z']],
    [
      'several times that are shown twice, each once',
      '*/30 2 * * *',
      AUTUMN,
      ['2026-10-25T00:00Z', '2026-10-25T00:30Z'],
    ],
    ['a time that is shown twice once, the first time', '30 2 * * *', AUTUMN, ['2026-10-25T00:30Z']],
    [
      'a range over the repeated hour, each time once',
      '0 1-3 * * *',
      AUTUMN,
      ['2026-10-24T23:00Z', '2026-10-25T00:00Z', '2026-10-25T02:00Z'],
    ],
    [
      'the ends of a range beside the gap',
      '0 1-4 * * *',
      SPRING,
      ['2026-03-29T00:00Z', '2026-03-29T01:00Z', '2026-03-29T02:00Z'],
    ],
    [
      'an hour with a step, whenever it is shown',
      '30 */2 * * *',
      ['2026-10-24T23:00Z', '2026-10-25T03:31Z'],
      ['2026-10-25T00:30Z', '2026-10-25T01:30Z', '2026-10-25T03:30Z'],
    ],
  ] as const)('names %s (Berlin, 2026)', (_, expression, [from, to], expected) => {
    expect(ticksOf(expression, 'Europe/Berlin', from, to)).toEqual(expected);
  });

  it.each([
    ['forward', SPRING, 23],
    ['back', AUTUMN, 25],
  ] as const)('ticks every half an hour of elapsed time where clocks go %s', (_, [from, to], hours) => {
    const ticks = ticksOf('*/30 * * * *', 'Europe/Berlin', from, to);
    expect(ticks).toEqual(Array.from({ length: hours * 2 }, (__, at) => isoMinutes(Date.parse(from) + at * 1_800_000)));
  });

  // Review 17
  it('goes on in Lord Howe, where clocks change by half an hour', () => {
    const [from, to] = ['2026-04-04T13:00Z', '2026-04-04T18:00Z'];
    expect(ticksOf('0 * * * *', 'Australia/Lord_Howe', from, to)).toEqual([
      '2026-04-04T13:00Z',
      '2026-04-04T14:00Z',
      '2026-04-04T15:30Z',
      '2026-04-04T16:30Z',
      '2026-04-04T17:30Z',
    ]);
    expect(ticksOf('15 2 * * *', 'Australia/Lord_Howe', '2026-04-04T00:00Z', '2026-04-06T00:00Z')).toEqual([
      '2026-04-04T15:45Z',
      '2026-04-05T15:45Z',
    ]);
  });

  it('fires at the end of a day that a zone left out', () => {
    expect(ticksOf('0 9 30 12 *', 'Pacific/Apia', '2011-12-29T00:00Z', '2012-01-02T00:00Z')).toEqual([
      '2011-12-30T10:00Z',
    ]);
  });

  // Cloacina case 34, Cloacina case 35, Cloacina case 36, Cloacina case 39
  it.each([
    ['0 9 * * *', 'America/New_York', '2026-01-15T00:00Z', '2026-01-16T00:00Z', ['2026-01-15T14:00Z']],
    ['0 */6 * * *', 'UTC', '2026-01-01T10:00Z', '2026-01-01T18:01Z', ['2026-01-01T12:00Z', '2026-01-01T18:00Z']],
    [
      '0 * * * *',
      'UTC',
      '2026-01-01T10:30Z',
      '2026-01-01T14:00Z',
      ['2026-01-01T11:00Z', '2026-01-01T12:00Z', '2026-01-01T13:00Z'],
    ],
    [
      '0 0 * * *',
      'UTC',
      '2026-01-01T00:00Z',
      '2026-01-04T00:00Z',
      ['2026-01-01T00:00Z', '2026-01-02T00:00Z', '2026-01-03T00:00Z'],
    ],
  ])('reads %s in %s', (expression, timeZone, from, to, expected) => {
    expect(ticksOf(expression, timeZone, from, to)).toEqual(expected);
  });

  it('finds seconds, years ahead, and nothing', () => {
    const after = (expression: string): number | null => new CronCalendar(expression, 'America/New_York').after(0);
    expect(after('*/15 * * * * *')).toBe(15_000);
    expect(new Date(after('30 * 29 2 6') as number).toISOString()).toBe('1970-02-07T05:30:00.000Z');
    expect(new Date(after('0 * 29 2 *') as number).toISOString()).toBe('1972-02-29T05:00:00.000Z');
    expect(after('0 0 30 2 *')).toBeNull();
    expect(after('0 * 30 2 *')).toBeNull();
  });

  it('reads 5 fields and 6, and nothing else', () => {
    for (const expression of ['', '* *', '* * * * * * *', '@daily', 'H * * * *', '60 * * * *', '0 22-2 * * *']) {
      expect(() => new CronCalendar(expression, 'UTC')).toThrow(/fields|CronPattern/);
    }
    expect(() => new CronCalendar('0 3 * * *', 'Mars/Olympus')).toThrow(RangeError);
  });

  // Review 17
  it('agrees with clocks that are watched minute by minute', () => {
    fc.assert(
      fc.property(windows(), expressions(), ({ timeZone, from, to }, expression) => {
        const ticks = ticksBetween(new CronCalendar(expression, timeZone), from, to);
        expect(ticks.map(isoMinutes)).toEqual(modelTicks(expression, timeZone, from, to).map(isoMinutes));
      }),
      runs(40),
    );
  });

  it('answers alike from wherever it is asked', () => {
    fc.assert(
      fc.property(windows(), expressions(), fc.nat(3 * DAY_MS), ({ timeZone, to }, expression, ago) => {
        const calendar = new CronCalendar(expression, timeZone);
        const next = calendar.after(to);
        const first = ticksBetween(calendar, to - ago, next ?? to).filter((tick) => tick > to);
        expect(first).toEqual(next === null ? [] : [next]);
      }),
      runs(40),
    );
  });
});

function isoMinutes(instant: number): string {
  return new Date(instant).toISOString().replace(':00.000Z', 'Z');
}

/** Three days in some zone and year, mostly around a change of its clocks. */
function windows(): fc.Arbitrary<{ timeZone: string; from: number; to: number }> {
  const zones = Intl.supportedValuesOf('timeZone');
  const parts = { timeZone: fc.constantFrom(...ODD_ZONES, ...zones), year: fc.integer({ min: 1973, max: 2037 }) };
  return fc
    .record({ ...parts, pick: fc.nat(), nearChange: fc.boolean() })
    .map(({ timeZone, year, pick, nearChange }) => {
      const days = changedDays(timeZone, year);
      const among = nearChange && days.length > 0 ? days : [Date.UTC(year, 0, 1 + (pick % 365))];
      const day = among[pick % among.length] as number;
      return { timeZone, from: day - DAY_MS, to: day + 2 * DAY_MS };
    });
}

/** Where the rules are strange: half an hour, Ramadan, summer time before 1980, a day left out. */
const ODD_ZONES = [
  'Australia/Lord_Howe',
  'Africa/Casablanca',
  'Africa/Cairo',
  'Europe/Dublin',
  'Pacific/Apia',
  'America/St_Johns',
  'Antarctica/Troll',
];

/** The days on which a zone changes its clocks, found by halves. */
function changedDays(timeZone: string, year: number): number[] {
  const shown = wallTimeIn(timeZone);
  const shift = (instant: number): number => shown(instant) - instant;
  const search = (from: number, days: number): number[] => {
    if (days === 1) return shift(from) === shift(from + DAY_MS) ? [] : [from];
    const half = Math.floor(days / 2);
    return [...search(from, half), ...search(from + half * DAY_MS, days - half)];
  };
  const months = Array.from({ length: 24 }, (_, at) => Date.UTC(year, 0, 1 + at * 15));
  return months.flatMap((from) => (shift(from) === shift(from + 15 * DAY_MS) ? [] : search(from, 15)));
}

function expressions(): fc.Arbitrary<string> {
  const field = (min: number, max: number): fc.Arbitrary<string> => {
    const value = fc.integer({ min, max });
    const range = fc.tuple(value, value).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
    const list = fc
      .array(fc.oneof(value.map(String), range), { minLength: 1, maxLength: 3 })
      .map((parts) => parts.join());
    const step = fc.integer({ min: 1, max }).map((by) => `*/${by}`);
    const steppedRange = fc
      .tuple(range, fc.integer({ min: 1, max: Math.max(1, Math.floor((max - min) / 2)) }))
      .map(([of, by]) => `${of}/${by}`);
    return fc.oneof(list, step, steppedRange);
  };
  const mostlyAny = (min: number, max: number): fc.Arbitrary<string> =>
    fc.oneof({ weight: 5, arbitrary: fc.constant('*') }, { weight: 1, arbitrary: field(min, max) });
  const hour = fc.oneof(fc.constant('*'), field(0, 23), field(0, 4));
  return fc
    .tuple(fc.oneof(fc.constant('*'), field(0, 59)), hour, mostlyAny(1, 31), mostlyAny(1, 12), mostlyAny(0, 6))
    .map((fields) => fields.join(' '));
}
