import { Logger } from '@nestjs/common';
import type { MessageIntake } from '../../intake/message-intake.service.js';
import type { Clock } from '../../model/clock.js';
import { formatDuration } from '../../model/duration.js';
import { isTriggersError } from '../../model/errors.js';
import type { EventBus } from '../../model/events.js';
import { errorMessage } from '../../model/text.js';
import { ACK, redeliver } from './message-source.js';
import type { DeliveredMessage, MessageSubscription, Settlement } from './message-source.js';
import type { MessageDefinition } from './message-trigger.definition.js';
import type { MessagePipe } from './message.pipe.js';
import { Passage } from './passage.js';
import { failed } from './verdict.js';
import type { Verdict } from './verdict.js';

/** What is not the message's fault comes again after so long. */
const LATER_MS = 1_000;
/** No message waits longer for its next delivery: an hour. */
const MAX_REDELIVER_MS = 3_600_000;

/** What consumers work with. */
export interface ConsumerTools {
  readonly pipe: MessagePipe;
  readonly intake: MessageIntake;
  readonly events: EventBus;
  readonly clock: Clock;
}

/**
 * Takes the messages of one trigger in this process.
 *
 * It subscribes when the trigger is enabled and our database answers, and pauses while one of both is not so: what nobody can commit, or is to
 * start nothing, stays with the broker. A message in hand waits for the database as long as it takes, and is acknowledged after its commit. One that is
 * itself at fault is counted and comes again, later each time, until it is a dead letter. At a stop what is in hand may end; what has not by
 * then goes back to the broker. Whatever is lost between commit and acknowledgement comes again and is a duplicate.
 */
export class MessageConsumer {
  readonly #logger = new Logger('triggers');
  readonly #inHand = new Set<(settlement: Settlement) => void>();
  #subscription: MessageSubscription | undefined;
  #isRunning = false;
  #isEnabled = false;
  #isStoreAway = false;
  #awaySince: number | null = null;
  #whenEmpty: (() => void) | undefined;

  constructor(
    readonly trigger: MessageDefinition,
    private readonly tools: ConsumerTools,
  ) {}

  /** Begins, as far as the switch and the database let it. */
  start(isEnabled: boolean): void {
    this.#isRunning = true;
    this.#isStoreAway = this.tools.intake.isStoreAway;
    this.switch(isEnabled);
  }

  /** Somebody has switched the trigger on or off, or nobody has. */
  switch(isEnabled: boolean): void {
    this.#isEnabled = isEnabled;
    this.#fit();
  }

  /** Our database went away, or is back. */
  storeIsAway(isAway: boolean): void {
    this.#isStoreAway = isAway;
    this.#fit();
  }

  /** Takes nothing more, lets what is in hand end, and gives back what has not ended when `signal` aborts. */
  async stop(signal: AbortSignal): Promise<void> {
    const subscription = this.#subscription;
    this.#isRunning = false;
    this.#subscription = undefined;
    if (subscription === undefined) return;
    const giveBack = (): void => {
      for (const settle of [...this.#inHand]) settle(redeliver(0));
    };
    signal.addEventListener('abort', giveBack);
    await subscription.stop();
    if (signal.aborted) giveBack();
    await this.#emptied();
    signal.removeEventListener('abort', giveBack);
    await subscription.close();
  }

  #fit(): void {
    const takes = this.#isRunning && this.#isEnabled && !this.#isStoreAway;
    if (!takes) this.#subscription?.pause();
    else if (this.#subscription === undefined) this.#subscription = this.#subscribe();
    else this.#subscription.resume();
  }

  #subscribe(): MessageSubscription {
    return this.trigger.from.subscribe((message) => this.#take(message), {
      prefetch: this.trigger.prefetch,
      onAway: (error) => this.#away(errorMessage(error)),
      onBack: () => this.#back(),
    });
  }

  /** Settled by what becomes of it, or by the end of a stop, whatever is first. */
  #take(message: DeliveredMessage): Promise<Settlement> {
    return new Promise((resolve) => {
      const settle = (settlement: Settlement): void => {
        if (!this.#inHand.delete(settle)) return;
        resolve(settlement);
        if (this.#inHand.size === 0) this.#whenEmpty?.();
      };
      this.#inHand.add(settle);
      void this.#judge(message).then(settle);
    });
  }

  async #emptied(): Promise<void> {
    if (this.#inHand.size > 0) await new Promise<void>((resolve) => (this.#whenEmpty = resolve));
  }

  async #judge(message: DeliveredMessage): Promise<Settlement> {
    try {
      const passage = new Passage(this.trigger, message, new Date(this.tools.clock.now()));
      const verdict = await this.#receive(passage);
      if (verdict.is === 'failed') return await this.#failed(passage, verdict.reason);
      if (verdict.is === 'later') return this.#later(verdict.reason);
      if (message.deliveries > 1) void this.tools.intake.forgetFailures(this.trigger.name, passage.identity);
      return ACK;
    } catch (error) {
      return this.#later(errorMessage(error));
    }
  }

  /** What is none of our errors is the message's: the database wants nothing of it. One that cannot store anything at all counts nothing either. */
  async #receive(passage: Passage): Promise<Verdict> {
    try {
      return await this.tools.pipe.receive(passage);
    } catch (error) {
      if (isTriggersError(error)) throw error;
      return failed(`it could not be stored: ${errorMessage(error)}`);
    }
  }

  #later(reason: string): Settlement {
    if (this.#isRunning)
      this.#logger.warn(
        `Trigger "${this.trigger.name}": a message comes again in ${formatDuration(LATER_MS)}: ${reason}`,
      );
    return redeliver(LATER_MS);
  }

  async #failed(passage: Passage, reason: string): Promise<Settlement> {
    const { pipe, intake } = this.tools;
    const { name, deliveries, redeliverAfterMs } = this.trigger;
    const failures = await intake.countFailure(name, passage.identity, reason);
    if (failures < deliveries) {
      const afterMs = Math.min(redeliverAfterMs * 2 ** (failures - 1), MAX_REDELIVER_MS);
      const message = `Trigger "${name}": message ${passage.identity} failed (${failures} of ${deliveries}), again in ${formatDuration(afterMs)}: ${reason}`;
      this.#logger.warn(message);
      return redeliver(afterMs);
    }
    await pipe.bury(passage, reason);
    void intake.forgetFailures(name, passage.identity);
    return ACK;
  }

  #away(error: string): void {
    if (this.#awaySince !== null) return;
    const { intake, events, clock } = this.tools;
    const { name, from } = this.trigger;
    this.#awaySince = clock.monotonic();
    events.emit('source.away', { trigger: name, source: from.name, error });
    void intake.setFailing(name, `${from.name} cannot be reached: ${error}`);
  }

  /** What another process has written of it before, which may have died since, is out of date, too. */
  #back(): void {
    const { intake, events, clock } = this.tools;
    const { name, from } = this.trigger;
    void intake.setFailing(name, null);
    if (this.#awaySince === null) return;
    events.emit('source.back', { trigger: name, source: from.name, afterMs: clock.monotonic() - this.#awaySince });
    this.#awaySince = null;
  }
}
