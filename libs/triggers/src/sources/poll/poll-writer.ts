import type { PollIntake, PollWrite, PollWritten, PreparedFiring } from '../../intake/poll-intake.js';
import type { Clock } from '../../model/clock.js';
import type { CurrentPoll } from './current-poll.js';
import type { PolledTrigger } from './polled-trigger.js';
import { withSkip } from './tick-counter.js';
import type { Unwritten } from './tick-counter.js';

/** How long such a write waits for the database. */
const FLUSH_DEADLINE_MS = 5_000;

/** What one poll changes; everything else of a {@link PollWrite} follows from the trigger. */
export interface PollChange extends Unwritten {
  readonly drafts?: readonly PreparedFiring[];
  /** JSON; `undefined` leaves the cursor. */
  readonly cursor?: string | undefined;
  readonly consecutiveFailures: number;
  readonly lastError: string | null;
  readonly suspends?: boolean;
  /** Written also when nothing fired and the cursor stays. */
  readonly flush: boolean;
  readonly countsOnly?: boolean;
}

/** Builds the writes of polls and hands them to intake. */
export class PollWriter {
  constructor(
    private readonly intake: PollIntake,
    private readonly clock: Clock,
  ) {}

  /** Commits what a poll found, guarded by the state that it began with. Kept and tried again while the store is away. */
  write(trigger: PolledTrigger, poll: CurrentPoll, change: PollChange): Promise<PollWritten> {
    trigger.commit();
    // Missed for good only once the cursor has left it behind, which that of a failed poll has not.
    const missed = change.cursor === undefined || change.consecutiveFailures > 0 ? null : poll.missed;
    const whole = missed === null ? change : withSkip(change, missed);
    return this.intake.commit(this.#build(trigger, poll, whole));
  }

  /** Writes the counts that are only in memory of a trigger that is not polled meanwhile; says whether they are written. */
  async flush(trigger: PolledTrigger): Promise<boolean> {
    const { consecutiveFailures, lastError } = trigger.stored;
    const change = { ...this.unwritten(trigger), consecutiveFailures, lastError, flush: true, countsOnly: true };
    const written = await this.intake.commit(this.#build(trigger, trigger.stored, change), {
      deadlineMs: FLUSH_DEADLINE_MS,
    });
    const isWritten = written.status === 'committed';
    if (isWritten) trigger.ticks.written(this.clock.monotonic());
    return isWritten;
  }

  /** Counts and rows in memory. */
  unwritten({ ticks }: PolledTrigger): Unwritten {
    return { counts: ticks.counts, ticks: ticks.drafts(this.clock.monotonic()) };
  }

  #build(trigger: PolledTrigger, guard: Pick<PollWrite, 'epoch' | 'cursorVersion'>, change: PollChange): PollWrite {
    const now = this.clock.monotonic();
    return {
      trigger: trigger.name,
      epoch: guard.epoch,
      cursorVersion: guard.cursorVersion,
      declaredEnabled: trigger.definition.enabled,
      cursor: change.cursor,
      drafts: change.drafts ?? [],
      counts: change.counts,
      consecutiveFailures: change.consecutiveFailures,
      lastError: change.lastError,
      suspends: change.suspends ?? false,
      lastPollAgoMs: now - (trigger.startedAt ?? now),
      ticks: change.ticks,
      flush: change.flush,
      countsOnly: change.countsOnly ?? false,
    };
  }
}
