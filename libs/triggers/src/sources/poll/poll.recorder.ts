import { Logger } from '@nestjs/common';
import type { PollIntake, StoredTrigger } from '../../intake/poll-intake.js';
import type { Clock } from '../../model/clock.js';
import { TriggersError } from '../../model/errors.js';
import type { EventBus } from '../../model/events.js';
import { errorMessage } from '../../model/text.js';
import type { CurrentPoll } from './current-poll.js';
import type { PolledTrigger } from './polled-trigger.js';

/** What the parts of a poll share. */
export interface PollTools {
  readonly intake: PollIntake;
  readonly clock: Clock;
  readonly events: EventBus;
}

/** A failed poll, counted. */
export interface PollFailure {
  readonly consecutiveFailures: number;
  readonly lastError: string;
  readonly suspends: boolean;
}

/** What follows from the end of a poll, after its commit: the state in memory, the events, the observer. */
export class PollRecorder {
  readonly #logger = new Logger('Triggers');

  constructor(private readonly tools: PollTools) {}

  /** A poll that was good is written. */
  good(trigger: PolledTrigger, written: Partial<StoredTrigger>): void {
    const failures = trigger.stored.consecutiveFailures;
    trigger.patch({ ...written, consecutiveFailures: 0, lastError: null });
    if (failures > 0) this.tools.events.emit('trigger.recovered', { trigger: trigger.name, failures });
  }

  /** Firings are written; `isNews` unless all of them were duplicates. */
  fired(trigger: PolledTrigger, cursor: string | undefined, isNews: boolean): void {
    const { clock } = this.tools;
    trigger.ticks.fireWritten(clock.monotonic());
    const lastFireAt = new Date(clock.now());
    this.good(trigger, { ...(cursor !== undefined && { cursor }), ...(isNews && { lastFireAt }) });
  }

  /** A failed poll is written. */
  failed(
    trigger: PolledTrigger,
    cursor: string | undefined,
    { consecutiveFailures, lastError, suspends }: PollFailure,
  ): void {
    const { events, clock } = this.tools;
    const suspended = suspends && { suspendedAt: new Date(clock.now()) };
    trigger.patch({ ...(cursor !== undefined && { cursor }), consecutiveFailures, lastError, ...suspended });
    const { name } = trigger;
    if (consecutiveFailures === 1) events.emit('trigger.failing', { trigger: name, error: lastError });
    if (suspends) events.emit('trigger.suspended', { trigger: name, error: lastError, failures: consecutiveFailures });
  }

  /** What the failure of a poll makes of its trigger. */
  countFailure({ stored, definition }: PolledTrigger, error: unknown): PollFailure {
    const consecutiveFailures = stored.consecutiveFailures + 1;
    const suspends = definition.suspendAfter > 0 && consecutiveFailures >= definition.suspendAfter;
    return { consecutiveFailures, lastError: errorMessage(error), suspends };
  }

  /**
   * The result was refused: takes over what is stored now, or loses the trigger.
   *
   * @returns whether to poll again at once, because something changed that this node did not know
   */
  async superseded(trigger: PolledTrigger, poll: CurrentPoll): Promise<boolean> {
    const { intake, events, clock } = this.tools;
    events.emit('trigger.superseded', { trigger: trigger.name });
    const at = poll.startedAt;
    trigger.ticks.count('superseded', null, at, clock.monotonic() - at);
    try {
      const [stored] = await intake.read([trigger.name]);
      if (!trigger.holds(poll)) return false;
      if (stored?.mine === true) trigger.apply(stored, clock.monotonic());
      else trigger.lose(ownedElsewhere(trigger.name));
      return stored?.mine === true && (stored.cursorVersion !== poll.cursorVersion || stored.epoch !== poll.epoch);
    } catch (error) {
      // The next renewal reads it again.
      this.#logger.warn(
        `Trigger "${trigger.name}" could not be read after its poll was superseded: ${errorMessage(error)}`,
      );
      return false;
    }
  }

  /** Tells the observer of a failed poll. It is not awaited, and what it throws is only logged. */
  observe({ definition, name }: PolledTrigger, poll: CurrentPoll, error: unknown): void {
    if (definition.onError === null) return;
    const given = error instanceof Error ? error : new Error(errorMessage(error), { cause: error });
    definition.onError.invoke([given, poll]).catch((thrown: unknown) => {
      this.#logger.warn(`onError of trigger "${name}" failed: ${errorMessage(thrown)}`);
    });
  }
}

/** Why a trigger is not polled here. */
export function ownedElsewhere(name: string): TriggersError {
  return new TriggersError('TRG_ENG_LEASE_LOST', `Trigger "${name}" belongs to another node now, which polls it.`);
}
