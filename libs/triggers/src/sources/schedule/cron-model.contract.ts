const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/**
 * The ticks of an expression of 5 fields after `from` and up to `to`, found by watching the clocks of the zone minute by
 * minute: slow, and by no means the way of `CronCalendar`.
 */
export function modelTicks(expression: string, timeZone: string, from: number, to: number): number[] {
  const names = matcherOf(expression);
  const followsElapsedTime = (expression.split(' ')[1] as string).startsWith('*');
  const wallTime = wallTimeIn(timeZone);
  const ticks: number[] = [];
  let latest = Number.NEGATIVE_INFINITY;
  for (let at = floorMinute(from - DAY_MS); at <= to; at += MINUTE_MS) {
    const shown = wallTime(at);
    const isDue = followsElapsedTime
      ? names(shown)
      : isNamedBetween(names, Math.max(latest, shown - 2 * DAY_MS), shown);
    if (isDue && at > from) ticks.push(at);
    latest = Math.max(latest, shown);
  }
  return ticks;
}

/** What the clocks of a zone show at an instant, as the instant at which those of UTC do. */
export function wallTimeIn(timeZone: string): (instant: number) => number {
  const numeric = {
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  } as const;
  const format = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', ...numeric });
  return (instant) => {
    const parts = new Map(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
    const of = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) as number;
    return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
  };
}

/** Whether any minute after the first wall time and up to the second is named. */
function isNamedBetween(names: (wallTime: number) => boolean, after: number, until: number): boolean {
  for (let at = after + MINUTE_MS; at <= until; at += MINUTE_MS) if (names(at)) return true;
  return false;
}

function matcherOf(expression: string): (wallTime: number) => boolean {
  const [minute, hour, day, month, weekday] = expression.split(' ') as [string, string, string, string, string];
  const [minutes, hours, days, months, weekdays] = [
    valuesOf(minute, 0, 59),
    valuesOf(hour, 0, 23),
    valuesOf(day, 1, 31),
    valuesOf(month, 1, 12),
    valuesOf(weekday, 0, 6),
  ];
  return (wallTime) => {
    const date = new Date(wallTime);
    const isDay = days.has(date.getUTCDate());
    const isWeekday = weekdays.has(date.getUTCDay());
    // As ever in cron: where both are given, either will do.
    const isDate = day === '*' || weekday === '*' ? isDay && isWeekday : isDay || isWeekday;
    return (
      isDate && months.has(date.getUTCMonth() + 1) && hours.has(date.getUTCHours()) && minutes.has(date.getUTCMinutes())
    );
  };
}

function valuesOf(field: string, min: number, max: number): ReadonlySet<number> {
  const values = new Set<number>();
  for (const part of field.split(',')) {
    const [range, by = '1'] = part.split('/') as [string, string?];
    const [first, last = first] = range === '*' ? [min, max] : (range.split('-').map(Number) as [number, number?]);
    for (let value = first; value <= last; value += Number(by)) values.add(value);
  }
  return values;
}

function floorMinute(instant: number): number {
  return Math.floor(instant / MINUTE_MS) * MINUTE_MS;
}
