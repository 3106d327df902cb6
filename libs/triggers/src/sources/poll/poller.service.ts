import { Injectable } from '@nestjs/common';
import { PollIntake } from '../../intake/poll-intake.js';
import { whenAborted } from '../../model/abort.js';
import { Clock } from '../../model/clock.js';
import type { TimerHandle } from '../../model/clock.js';
import { TriggersError, notFound } from '../../model/errors.js';
import { EventBus } from '../../model/events.js';
import { NodeRoles } from '../../model/node-roles.js';
import { isDoneWithin } from '../../model/patience.js';
import { TimerRegistry } from '../../model/timer-registry.js';
import { DECLARE_EVERY_MS } from '../declare-every.js';
import { PollTimetable } from './poll-timetable.js';
import type { PollDefinition } from './poll-trigger.definition.js';
import { PollTurns } from './poll-turns.js';
import { PollBookkeeper } from './poll.bookkeeper.js';
import { PollDeparture } from './poll.departure.js';
import { PollHandOver } from './poll.handover.js';
import { PollOwnership } from './poll.ownership.js';
import { PollRunner } from './poll.runner.js';
import { PolledTrigger } from './polled-trigger.js';

/** How long giving triggers up may take at a stop: a little longer than its writes wait for the database. */
const LEAVE_MS = 6_000;

/**
 * Polls triggers.
 *
 * Each declared trigger is owned by one living node, which polls it at a fixed rate: no drift, no overlap, missed slots
 * are not made up. Nodes that declare the same triggers own equal shares of them. One heap and one timer serve all triggers, their deadlines included; a slow poll delays nobody else.
 * What a poll found is committed with its cursor, all or nothing, and only if the trigger is still owned, enabled and at
 * the cursor that the poll saw. Idle polls write nothing themselves; failing triggers are polled less and less, then suspended.
 *
 * A process without the role `scheduler` says which triggers it declares, and owns none.
 *
 * `start` when this process runs the engine, `renewed` after every renewal of its lease, `leaseLost` when that is gone,
 * `stop` at the end.
 */
@Injectable()
export class PollerService {
  readonly #triggers = new Map<string, PolledTrigger>();
  readonly #timetable: PollTimetable;
  readonly #ownership: PollOwnership;
  readonly #handOver: PollHandOver;
  readonly #runner: PollRunner;
  readonly #departure: PollDeparture;
  readonly #bookkeeper: PollBookkeeper;
  readonly #turns = new PollTurns();
  #isRunning = false;
  #isRenewing = false;
  #declaredAt = Number.NEGATIVE_INFINITY;

  constructor(
    intake: PollIntake,
    private readonly clock: Clock,
    events: EventBus,
    timers: TimerRegistry,
    private readonly roles: NodeRoles,
  ) {
    const tools = { intake, clock, events };
    const arm = (trigger: PolledTrigger, now: number): void => this.#arm(trigger, now);
    this.#timetable = new PollTimetable(clock, timers, (trigger, now) => this.#wake(trigger, now));
    this.#ownership = new PollOwnership(tools, arm);
    this.#handOver = new PollHandOver(tools, arm, this.#turns);
    this.#runner = new PollRunner(tools, arm);
    this.#bookkeeper = new PollBookkeeper(clock, this.#runner.writer, arm);
    const lose = (trigger: PolledTrigger, reason: Error): void => this.#lose(trigger, reason);
    this.#departure = new PollDeparture(intake, this.#runner.writer, this.#ownership, lose);
  }

  /** Whether this process polls. */
  get isRunning(): boolean {
    return this.#isRunning && this.roles.has('scheduler');
  }

  /** The trigger of that name in this process. @throws TRG_API_TRIGGER_NOT_FOUND with the names that exist */
  require(name: string): PolledTrigger {
    const found = this.#triggers.get(name);
    if (found === undefined) throw notFound('trigger', name, this.#triggers.keys());
    return found;
  }

  /** The trigger of that name, if this process declares it. */
  find(name: string): PolledTrigger | undefined {
    return this.#triggers.get(name);
  }

  /** Knows a trigger from now on; {@link start} or {@link enlist} begins to poll it. */
  add(definition: PollDefinition): PolledTrigger {
    const trigger = new PolledTrigger(definition);
    this.#triggers.set(definition.name, trigger);
    return trigger;
  }

  /** Takes this node's share of what is free, and polls it. @throws TRG_STORE_UNAVAILABLE */
  async start(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#runner.isStopping = false;
    try {
      await this.#turns.take(async () => {
        if (this.isRunning) await this.#ownership.begin(this.#all);
        else await this.#ownership.declare(this.#all);
        this.#declaredAt = this.clock.monotonic();
      });
    } catch (error) {
      this.#isRunning = false;
      throw error;
    }
  }

  /** Makes the rows of these triggers, and polls those that are free if this process polls. @throws TRG_STORE_UNAVAILABLE */
  async enlist(triggers: readonly PolledTrigger[]): Promise<void> {
    await this.#turns.take(async () => {
      if (this.isRunning) await this.#ownership.enlist(triggers);
      else await this.#ownership.declare(triggers);
    });
  }

  /**
   * Begins no poll any more; lets those on their way end until `signal` aborts; writes counts, gives triggers up. A store that does not
   * answer is not waited for: the lease runs out without a word from us.
   */
  async stop(signal: AbortSignal): Promise<void> {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    this.#runner.isStopping = true;
    for (const trigger of this.#triggers.values()) this.#timetable.disarm(trigger);
    await Promise.race([this.#runner.whenQuiet(), whenAborted(signal)]);
    const left = this.#turns.take(() => this.#departure.leave(this.#all));
    await isDoneWithin(LEAVE_MS, left, this.clock);
  }

  /** Forgets a trigger: its poll is aborted, its counts are written. The row stays. */
  async drop(trigger: PolledTrigger): Promise<void> {
    this.#triggers.delete(trigger.name);
    this.#timetable.disarm(trigger);
    await this.#turns.take(() => this.#departure.leave([trigger]));
  }

  /**
   * The node's lease was renewed: takes over what operators changed, hands over what others want, comes to its own share
   * of the triggers, and writes what idle polls counted if it is time. Never throws.
   */
  async renewed(): Promise<void> {
    // A store that takes longer than a renewal is not asked twice.
    if (!this.#isRunning || this.#isRenewing) return;
    this.#isRenewing = true;
    await this.#turns.attempt(() => this.#renew());
    this.#isRenewing = false;
  }

  /** The node's lease is lost: aborts every poll at once; `renewed` brings triggers back. */
  leaseLost(): void {
    const reason = new TriggersError(
      'TRG_ENG_LEASE_LOST',
      'This node lost its lease; another node polls its triggers.',
    );
    for (const trigger of this.#triggers.values()) this.#lose(trigger, reason);
  }

  /**
   * Reads a trigger again: an operator changed it, another node wants it or has handed it over. One that this process does
   * not declare is none of its business. Never throws; what fails now is found at the next renewal.
   */
  async refresh(name: string): Promise<void> {
    const trigger = this.#triggers.get(name);
    if (trigger === undefined) return;
    await this.#turns.attempt(async () => {
      if (this.isRunning) await this.#ownership.refresh([trigger]);
    });
  }

  /** Polls at once, beside the fixed rate, a trigger that waits for its next poll. */
  pollNow(trigger: PolledTrigger): void {
    const now = this.clock.monotonic();
    trigger.plan.extra(now);
    this.#runner.start(trigger, now);
    this.#arm(trigger, now);
  }

  /** Writes what a trigger counted, if this process polls it; one that is being polled writes with that poll. Never throws. */
  async writeCounts(trigger: PolledTrigger): Promise<void> {
    if (trigger.isOwned && trigger.ticks.hasUnwritten)
      await this.#turns.attempt(async () => {
        if (this.isRunning) await this.#bookkeeper.write([trigger]);
      });
  }

  /** Calls `expire` once after that time, from the same heap as the polls. */
  after(delayMs: number, expire: () => void): TimerHandle {
    return this.#timetable.after(delayMs, expire);
  }

  #wake(trigger: PolledTrigger, now: number): void {
    const due = trigger.due(now);
    if (due === 'poll') this.#runner.start(trigger, now);
    else if (due === 'timeOut') this.#runner.timeOut(trigger);
    else if (due === 'giveUp') this.#giveUp(trigger);
  }

  #arm(trigger: PolledTrigger, now: number): void {
    if (!this.#isRunning) return;
    if (trigger.mayLeave) this.#handOver.add(trigger);
    else this.#timetable.arm(trigger, now);
  }

  get #all(): readonly PolledTrigger[] {
    return [...this.#triggers.values()];
  }

  async #renew(): Promise<void> {
    if (this.clock.monotonic() - this.#declaredAt > DECLARE_EVERY_MS) await this.#declareAgain();
    if (this.isRunning) await this.#ownership.reload(this.#all);
    if (this.isRunning) await this.#ownership.balance(this.#all);
    if (this.isRunning) await this.#bookkeeper.writeDue(this.#all);
  }

  /** Others call a trigger undeclared that nobody has declared for ten minutes. */
  async #declareAgain(): Promise<void> {
    await this.#ownership.declare(this.#all);
    this.#declaredAt = this.clock.monotonic();
  }

  #giveUp(trigger: PolledTrigger): void {
    const message = `${trigger.definition.label} did not return at all; this node gave trigger "${trigger.name}" up.`;
    this.#lose(trigger, new TriggersError('TRG_POLL_TIMEOUT', message));
    void this.#turns.attempt(() => this.#ownership.release([trigger.name]));
  }

  #lose(trigger: PolledTrigger, reason: Error): void {
    trigger.lose(reason);
    this.#timetable.disarm(trigger);
  }
}
