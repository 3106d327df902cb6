import { Logger } from '@nestjs/common';
import { cursorToJson } from '../../intake/cursor.js';
import { formatDuration } from '../../model/duration.js';
import { TriggersError, isTriggersError } from '../../model/errors.js';
import { cleanText, errorMessage } from '../../model/text.js';
import type { TriggerResult } from '../../model/trigger-result.js';
import type { CurrentPoll } from './current-poll.js';
import { checkBytes, checkResult } from './poll-result.js';
import { PollWriter } from './poll-writer.js';
import { PollRecorder } from './poll.recorder.js';
import type { PollTools } from './poll.recorder.js';
import type { PollEnd } from './poll.reports.js';
import type { PolledTrigger } from './polled-trigger.js';

/** A poll that lost its trigger: its result does not count, and nobody waits for it. */
const LOST: PollEnd = {
  report: { status: 'refused', reason: 'This node lost the trigger while it was polled.' },
  again: false,
};

/** A poll without news, and the cursor that has to be stored all the same. */
type Skipped = Pick<TriggerResult, 'reason' | 'more'> & { readonly cursor: string | undefined };
const DUPLICATE: Skipped = { reason: 'duplicate', more: false, cursor: undefined };

/** A poll that found nothing, and nobody asked for it. */
const IDLE: PollEnd = { report: null, again: false };

/**
 * One poll, as a pipe: call → check → prepare → commit → record.
 *
 * Whatever the method, the filter or the result does wrong is a failed poll. A skip that changes nothing ends before the
 * commit, in memory. The commit is all or nothing and is refused (`superseded`) when owner, cursor or switch changed
 * since the call; then the poll is repeated with what is stored now. While the store is away the commit waits there, so
 * the method is not called again before its result is written.
 *
 * A poll that lost its trigger (lease, shutdown, given up) finds out after every `await` and ends without a trace.
 */
export class PollRunner {
  readonly writer: PollWriter;
  /** The application stops: what throws now is no failure of the trigger. */
  isStopping = false;
  readonly #recorder: PollRecorder;
  readonly #logger = new Logger('Triggers');
  #running = 0;
  readonly #whenQuiet: (() => void)[] = [];

  constructor(
    private readonly tools: PollTools,
    /** A trigger may have to be woken at another moment. */
    private readonly arm: (trigger: PolledTrigger, now: number) => void,
  ) {
    this.writer = new PollWriter(tools.intake, tools.clock);
    this.#recorder = new PollRecorder(tools);
  }

  /** Resolves when no poll is on its way. */
  async whenQuiet(): Promise<void> {
    if (this.#running > 0) await new Promise<void>((resolve) => this.#whenQuiet.push(resolve));
  }

  /** Polls now. Never throws. */
  start(trigger: PolledTrigger, now: number): void {
    this.#running += 1;
    void this.#run(trigger, trigger.begin(now, this.tools.clock));
  }

  /** A poll outlived its timeout: it has failed, although its body still runs. */
  timeOut(trigger: PolledTrigger): void {
    const { timeoutMs, label } = trigger.definition;
    const message = `${label} did not return within ${formatDuration(timeoutMs)}. Raise "timeout", or end when poll.signal aborts.`;
    const error = new TriggersError('TRG_POLL_TIMEOUT', message);
    const poll = trigger.stall(error);
    this.tools.events.emit('trigger.stalled', { trigger: trigger.name, timeoutMs });
    poll.failed = this.#fail(trigger, poll, error);
    void poll.failed.then(({ report }) => report && trigger.waiters.answer(report));
  }

  async #run(trigger: PolledTrigger, poll: CurrentPoll): Promise<void> {
    const { invoker, label } = trigger.definition;
    let end: PollEnd | Promise<PollEnd>;
    let now: number;
    try {
      if (!trigger.life.isReady) await trigger.life.begin();
      const returned = trigger.isOpen(poll) ? await invoker.invoke([poll]) : undefined;
      now = this.#now;
      trigger.bodyEnded(poll);
      end = trigger.isOpen(poll) ? this.#judge(trigger, poll, checkResult(returned, label), now) : this.#tooLate(poll);
      if (end instanceof Promise) {
        end = await end;
        now = this.#now;
      }
    } catch (error) {
      trigger.bodyEnded(poll);
      end = await (trigger.isOpen(poll) ? this.#fail(trigger, poll, error) : this.#tooLate(poll));
      now = this.#now;
    }
    this.#finish(trigger, poll, end, now);
  }

  #judge(trigger: PolledTrigger, poll: CurrentPoll, result: TriggerResult, now: number): PollEnd | Promise<PollEnd> {
    const cursor = this.#newCursor(trigger, result.cursor);
    if (result.items.length > 0) return this.#fire(trigger, poll, result, cursor);
    return this.#skip(trigger, poll, { reason: result.reason, more: result.more, cursor }, now);
  }

  /** The cursor as it has to be stored, unless there is none or it stands there already. */
  #newCursor({ definition, stored }: PolledTrigger, cursor: unknown): string | undefined {
    if (cursor === undefined) return undefined;
    const text = cursorToJson(cursor, `${definition.label} returned`);
    return text === stored.cursor ? undefined : text;
  }

  /** Counts a skip in memory, and writes what was counted if it has to be. */
  #skip(trigger: PolledTrigger, poll: CurrentPoll, found: Skipped, now: number): PollEnd | Promise<PollEnd> {
    const { cursor } = found;
    const durationMs = now - poll.startedAt;
    const reason = found.reason === null ? null : cleanText(String(found.reason));
    const changed = trigger.ticks.count('skipped', reason, poll.startedAt, durationMs);
    const mustWrite = changed || cursor !== undefined || trigger.mustWrite;
    if (!mustWrite && !trigger.waiters.wantReport) return IDLE;
    const end = {
      report: { status: 'skipped', reason, durationMs: Math.round(durationMs) },
      again: found.more && cursor !== undefined,
    } as const;
    return mustWrite ? this.#writeSkip(trigger, poll, cursor, end) : end;
  }

  async #writeSkip(
    trigger: PolledTrigger,
    poll: CurrentPoll,
    cursor: string | undefined,
    end: PollEnd,
  ): Promise<PollEnd> {
    const good = { consecutiveFailures: 0, lastError: null, flush: true };
    const written = await this.writer.write(trigger, poll, { ...this.writer.unwritten(trigger), ...good, cursor });
    if (!trigger.holds(poll)) return LOST;
    if (written.status === 'superseded') return this.#superseded(trigger, poll);
    trigger.ticks.written(this.#now);
    this.#recorder.good(trigger, cursor === undefined ? {} : { cursor });
    return end;
  }

  async #fire(
    trigger: PolledTrigger,
    poll: CurrentPoll,
    result: TriggerResult,
    cursor: string | undefined,
  ): Promise<PollEnd> {
    const { definition, ticks, stored } = trigger;
    const drafts = await this.tools.intake.prepare(definition, result.items);
    if (!trigger.isOpen(poll)) return this.#tooLate(poll);
    checkBytes(drafts, definition.label);
    const durationMs = this.#now - poll.startedAt;
    const unwritten = ticks.withFire(poll.startedAt, durationMs, this.#now);
    const good = { consecutiveFailures: 0, lastError: null, flush: stored.consecutiveFailures > 0 };
    const written = await this.writer.write(trigger, poll, { ...unwritten, ...good, drafts, cursor });
    if (!trigger.holds(poll)) return LOST;
    if (written.status === 'superseded') return this.#superseded(trigger, poll);
    const { outcomes } = written;
    const isNews = outcomes.some(({ status }) => status !== 'duplicate');
    if (written.wrote) this.#recorder.fired(trigger, cursor, isNews);
    else await this.#onlyDuplicates(trigger, poll, outcomes.length);
    // Without progress "more" would poll the same things for ever.
    return {
      report: { status: 'fired', outcomes, durationMs: Math.round(durationMs) },
      again: result.more && (isNews || cursor !== undefined),
    };
  }

  async #onlyDuplicates(trigger: PolledTrigger, poll: CurrentPoll, count: number): Promise<void> {
    trigger.ticks.addDuplicates(count);
    await this.#skip(trigger, poll, DUPLICATE, this.#now);
  }

  async #fail(trigger: PolledTrigger, poll: CurrentPoll, error: unknown): Promise<PollEnd> {
    if (this.isStopping || isTriggersError(error, 'TRG_ENG_STOPPED')) return LOST;
    const failure = this.#recorder.countFailure(trigger, error);
    const cursor = this.#newCursor(trigger, poll.cursorIfFailed);
    const durationMs = this.#now - poll.startedAt;
    const end = {
      report: { status: 'failed', error: failure.lastError, durationMs: Math.round(durationMs) },
      again: false,
    } as const;
    this.#recorder.observe(trigger, poll, error);
    trigger.ticks.count('failed', failure.lastError, poll.startedAt, durationMs);
    try {
      const written = await this.writer.write(trigger, poll, {
        ...this.writer.unwritten(trigger),
        ...failure,
        cursor,
        flush: true,
      });
      if (!trigger.holds(poll)) return LOST;
      if (written.status === 'superseded') return await this.#superseded(trigger, poll);
      trigger.ticks.written(this.#now);
    } catch (refused) {
      this.#logger.error(`The failed poll of trigger "${trigger.name}" was not written: ${errorMessage(refused)}`);
      if (!trigger.holds(poll)) return LOST;
    }
    this.#recorder.failed(trigger, cursor, failure);
    return end;
  }

  async #superseded(trigger: PolledTrigger, poll: CurrentPoll): Promise<PollEnd> {
    const durationMs = this.#now - poll.startedAt;
    return {
      report: { status: 'superseded', durationMs: Math.round(durationMs) },
      again: await this.#recorder.superseded(trigger, poll),
    };
  }

  /** The body ended after its timeout, or after the trigger was lost. */
  #tooLate(poll: CurrentPoll): Promise<PollEnd> {
    return poll.failed ?? Promise.resolve(LOST);
  }

  #finish(trigger: PolledTrigger, poll: CurrentPoll, { report, again }: PollEnd, now: number): void {
    if (trigger.holds(poll)) {
      trigger.finish(now, report, again && !this.isStopping);
      this.arm(trigger, now);
    }
    this.#running -= 1;
    if (this.#running === 0) for (const resolve of this.#whenQuiet.splice(0)) resolve();
  }

  get #now(): number {
    return this.tools.clock.monotonic();
  }
}
