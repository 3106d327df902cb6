import { keyOfPlace } from '../../intake/dedup-key.js';
import type { PolledItem } from '../../intake/poll-intake.js';
import type { Clock } from '../../model/clock.js';
import { TriggersError } from '../../model/errors.js';
import type { EventBus } from '../../model/events.js';
import { TriggerResult } from '../../model/trigger-result.js';
import type { CurrentPoll } from '../poll/current-poll.js';
import { checkResult } from '../poll/poll-result.js';
import { CLOCK_TOLERANCE_MS } from '../poll/poll-schedule.js';
import { describeMissed, dueTicks } from './due-ticks.js';
import { cursorAt, sinceOf, triedOf } from './schedule-cursor.js';
import type { ScheduleTick } from './schedule-tick.js';
import type { ScheduleDefinition } from './schedule.definition.js';

/** The part of a schedule that its polls need. */
export type RunningSchedule = Pick<
  ScheduleDefinition,
  'name' | 'label' | 'timing' | 'catchUp' | 'maxLatenessMs' | 'timeoutMs' | 'method'
>;

/**
 * The poll of a schedule: works out which ticks are due since the cursor, calls the method for each, and fires them. The
 * commit of the poll moves the cursor, so of any number of nodes one fires a tick.
 *
 * Each tick has the whole timeout. A poll that has spent one begins no further tick: it commits those that are done, and
 * the next poll, at once, goes on behind them. So a catch-up makes progress however slow its method is.
 *
 * A method that throws fails the poll, and nothing is fired. The latest tick is then tried again until it works, or the next
 * one is due: the cursor remembers it, so that also another process knows which late tick was tried on time.
 */
export class TickRunner {
  constructor(
    private readonly schedule: RunningSchedule,
    private readonly clock: Clock,
    private readonly events: EventBus,
  ) {}

  /** @throws what the method or the calendar throws; TRG_POLL_RESULT */
  async poll(poll: CurrentPoll): Promise<TriggerResult> {
    const { of, calendarSince } = this.schedule.timing;
    const calendar = calendarSince(poll.firstSeenAt);
    const now = this.clock.now();
    if (poll.dryRun)
      return this.#fire(
        poll,
        [calendar.after(now)].filter((tick) => tick !== null),
      );
    const since = sinceOf(of, poll.cursor);
    if (since === null) return TriggerResult.skip('the clock starts', { cursor: cursorAt(of, now) });
    if (since - now > CLOCK_TOLERANCE_MS) return this.#reset(since, now);
    const { maxLatenessMs, catchUp } = this.schedule;
    const tried = poll.consecutiveFailures > 0 ? triedOf(poll.cursor) : null;
    const { ticks, missed } = dueTicks(calendar, { since, now, maxLatenessMs, catchUp, tried });
    if (missed !== null && ticks.length === 0)
      return TriggerResult.skip(describeMissed(missed), { cursor: cursorAt(of, missed.last) });
    poll.missed = missed && describeMissed(missed);
    if (catchUp === 'skip') poll.cursorIfFailed = cursorAt(of, since, ticks.at(-1));
    return this.#fire(poll, ticks);
  }

  /** The clock was set back: ticks that come again fire unless their dedup key is still held. */
  #reset(since: number, now: number): TriggerResult {
    this.events.emit('trigger.clockReset', { trigger: this.schedule.name, was: new Date(since).toISOString() });
    return TriggerResult.skip('the clock was set back', { cursor: cursorAt(this.schedule.timing.of, now) });
  }

  async #fire(poll: CurrentPoll, ticks: readonly number[]): Promise<TriggerResult> {
    const { timing, timeoutMs } = this.schedule;
    const items: PolledItem[] = [];
    let reason: string | null = 'no tick is due';
    let done: number | undefined;
    for (const tick of ticks) {
      poll.signal.throwIfAborted();
      const now = this.clock.monotonic();
      if (done !== undefined && now - poll.startedAt >= timeoutMs) break;
      poll.boundSince = now;
      const answer = await this.#call(poll, new Date(tick));
      items.push(...answer.items);
      reason = answer.reason;
      done = tick;
    }
    const cursor = done === undefined ? undefined : cursorAt(timing.of, done);
    return items.length > 0
      ? TriggerResult.fireMany(items, { cursor })
      : TriggerResult.skip(reason ?? undefined, { cursor });
  }

  async #call(poll: CurrentPoll, scheduledFor: Date): Promise<{ items: readonly PolledItem[]; reason: string | null }> {
    const result = await askMethod(this.schedule, tickOf(poll, scheduledFor));
    const key = scheduledFor.toISOString();
    const items = result.items.map((item, at) => {
      const dedupKey = item.dedupKey ?? (at === 0 ? key : keyOfPlace(key, at));
      return { ...item, dedupKey, scheduledFor };
    });
    return { items, reason: result.reason };
  }
}

/**
 * What the method of a schedule makes of one instant; nothing returned fires `{ scheduledFor }`.
 *
 * @throws TRG_POLL_RESULT, and what the method throws
 */
export async function askMethod(
  { method, label }: Pick<ScheduleDefinition, 'method' | 'label'>,
  tick: ScheduleTick,
): Promise<TriggerResult> {
  const returned = await method.invoke([tick]);
  if (returned === undefined) return TriggerResult.fire({ scheduledFor: tick.scheduledFor.toISOString() });
  const result = checkResult(returned, label);
  if (result.cursor !== undefined || result.more) throw keepsOwnCursor(label);
  return result;
}

function tickOf(poll: CurrentPoll, scheduledFor: Date): ScheduleTick {
  const { trigger, lastFiredAt, dryRun } = poll;
  return {
    trigger,
    scheduledFor,
    lastFiredAt,
    dryRun,
    get signal() {
      return poll.signal;
    },
  };
}

function keepsOwnCursor(label: string): TriggersError {
  const message = `${label} returned a cursor or "more: true", but the cursor of a schedule is its last tick. Use @Trigger to poll.`;
  return new TriggersError('TRG_POLL_RESULT', message);
}
