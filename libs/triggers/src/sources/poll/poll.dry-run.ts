import { cursorToJson } from '../../intake/cursor.js';
import type { PollIntake, StoredTrigger } from '../../intake/poll-intake.js';
import type { Clock, TimerHandle } from '../../model/clock.js';
import { formatDuration } from '../../model/duration.js';
import { TriggersError, isTriggersError } from '../../model/errors.js';
import { errorMessage } from '../../model/text.js';
import { CurrentPoll } from './current-poll.js';
import { checkResult } from './poll-result.js';
import type { DryRunReport } from './poll.reports.js';
import type { PolledTrigger } from './polled-trigger.js';

/** What a dry run works with. */
export interface DryRunParts {
  readonly intake: PollIntake;
  readonly clock: Clock;
  /** Calls `expire` once after that time. */
  readonly after: (delayMs: number, expire: () => void) => TimerHandle;
}

/**
 * Tries a trigger out: its method runs with `poll.dryRun` beside the owner's polls, outside any transaction, and each
 * item is judged by reads only. Nothing is written, counted or observed, and the owner's next poll is not moved.
 */
export class PollDryRun {
  constructor(private readonly parts: DryRunParts) {}

  /** What a poll that sees the stored cursor would do now. Never throws for what the method does wrong. */
  async run(trigger: PolledTrigger, stored: StoredTrigger): Promise<DryRunReport> {
    const { intake, clock } = this.parts;
    const { definition } = trigger;
    const poll = new CurrentPoll(stored, clock.monotonic(), true, clock);
    const durationMs = (): number => Math.round(clock.monotonic() - poll.startedAt);
    try {
      const result = checkResult(await this.#call(trigger, poll), definition.label);
      if (result.cursor !== undefined) cursorToJson(result.cursor, `${definition.label} returned`);
      const items = result.items.length === 0 ? [] : await intake.preview(definition, result.items);
      const { reason, cursor, more } = result;
      return { status: items.length > 0 ? 'fired' : 'skipped', reason, items, cursor, more, durationMs: durationMs() };
    } catch (error) {
      const code = isTriggersError(error) ? error.code : null;
      return { status: 'failed', error: errorMessage(error), code, durationMs: durationMs() };
    }
  }

  async #call({ definition, life }: PolledTrigger, poll: CurrentPoll): Promise<unknown> {
    const { timeoutMs, label, invoker } = definition;
    let deadline: TimerHandle | undefined;
    const timeout = new Promise<never>((_, reject) => {
      deadline = this.parts.after(timeoutMs, () => {
        const error = new TriggersError(
          'TRG_POLL_TIMEOUT',
          `${label} did not return within ${formatDuration(timeoutMs)}.`,
        );
        poll.abort(error);
        reject(error);
      });
    });
    try {
      const call = life.begin().then(() => invoker.invoke([poll]));
      return await Promise.race([call, timeout]);
    } finally {
      deadline?.clear();
    }
  }
}
