const DAY_MS = 86_400_000;
const SECOND_MS = 1_000;
const OFFSET = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/;

/**
 * What the clocks on the walls of a zone show. A wall time is written as the instant at which the clocks of UTC show it,
 * so it can be counted with. Where clocks are set back they show some times twice, where they are put forward some never.
 *
 * No zone is taken to change its clocks twice within a day, or by more than a day.
 */
export class TimeZone {
  static readonly #known = new Map<string, TimeZone>();
  readonly #format: Intl.DateTimeFormat | null;

  private constructor(name: string) {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
    this.#format = format.resolvedOptions().timeZone === 'UTC' ? null : format;
  }

  /** The zone of that name. @throws RangeError for a name that is not in the IANA database */
  static named(name: string): TimeZone {
    // Newer runtimes take an offset for a zone.
    if (!/^[a-z]/i.test(name)) throw new RangeError(`Invalid time zone: ${name}`);
    const zone = TimeZone.#known.get(name) ?? new TimeZone(name);
    TimeZone.#known.set(name, zone);
    return zone;
  }

  /** By how much the clocks are ahead of UTC. */
  offsetAt(instant: number): number {
    if (this.#format === null) return 0;
    const [, sign, hours, minutes, seconds = '0'] = OFFSET.exec(this.#format.format(instant)) ?? [];
    if (sign === undefined) return 0;
    const offset = (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * SECOND_MS;
    return sign === '-' ? -offset : offset;
  }

  /** When the clocks are changed after `from` and until `to`, which are at most some days apart; `null` for never. */
  changeBetween(from: number, to: number): number | null {
    const before = this.offsetAt(from);
    if (this.offsetAt(to) === before) return null;
    let [low, high] = [Math.floor(from / SECOND_MS), Math.ceil(to / SECOND_MS)];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.offsetAt(middle * SECOND_MS) === before) low = middle;
      else high = middle;
    }
    return high * SECOND_MS;
  }

  /** The latest wall time that was shown up to an instant: more than it shows, where clocks have just been set back. */
  latestShownAt(instant: number): number {
    const shown = instant + this.offsetAt(instant);
    const change = this.changeBetween(instant - DAY_MS, instant);
    return change === null ? shown : Math.max(shown, change - 1 + this.offsetAt(change - 1));
  }

  /** The first instant at which the clocks show this wall time or, where they never do, a later one. */
  firstShowing(wallTime: number): number {
    const earliest = wallTime - DAY_MS;
    const first = wallTime - this.offsetAt(earliest);
    const change = this.changeBetween(earliest, wallTime + DAY_MS);
    return change === null || first < change ? first : Math.max(change, wallTime - this.offsetAt(change));
  }
}
