import type { StoredTrigger } from '../../intake/poll-intake.js';
import type { Clock } from '../../model/clock.js';
import { TriggersError } from '../../model/errors.js';
import { CurrentPoll } from './current-poll.js';
import { POLL_EDGES } from './poll-phase.js';
import type { Due, PollPhase } from './poll-phase.js';
import type { PollPlan } from './poll-plan.js';
import { placeMs } from './poll-schedule.js';
import type { PollDefinition } from './poll-trigger.definition.js';
import { PollWaiters } from './poll-waiters.js';
import type { PollReport } from './poll.reports.js';
import { SourceLife } from './source-life.js';
import { COUNTS_EVERY_MS, TickCounter } from './tick-counter.js';

/** Ownership of a trigger is given up when a poll has not returned after that many timeouts. */
export const MAX_STALLED_TIMEOUTS = 10;

/** One declared trigger and its polls in this process: it decides, `PollRunner` acts. Instants are monotonic. */
export class PolledTrigger {
  readonly plan: PollPlan;
  readonly waiters = new PollWaiters();
  readonly life: SourceLife;
  ticks: TickCounter;
  /** When its method was called last in this process. */
  startedAt: number | null = null;
  /** When `PollTimetable` wakes it; `null` for never. */
  armedFor: number | null = null;
  #phase: PollPhase = 'unowned';
  #stored: StoredTrigger | null = null;
  // What follows from it, for every poll: kept here, a poll touches little memory.
  #isResting = false;
  #isWanted = false;
  #writesEveryPoll = false;
  #current: CurrentPoll | null = null;
  /** A body that ran when ownership was lost; no other is started here before it ends or is given up. */
  #orphan: CurrentPoll | null = null;

  constructor(readonly definition: PollDefinition) {
    this.plan = definition.plan();
    this.life = new SourceLife(definition);
    this.ticks = new TickCounter(Number.POSITIVE_INFINITY);
  }

  get name(): string {
    return this.definition.name;
  }

  get phase(): PollPhase {
    return this.#phase;
  }

  /** What is stored of it, as far as this node knows. @throws TRG_BUG_INVALID_STATE if this node does not own it */
  get stored(): StoredTrigger {
    if (this.#stored !== null) return this.#stored;
    throw new TriggersError(
      'TRG_BUG_INVALID_STATE',
      `Trigger "${this.name}" is not owned by this node. Please report it.`,
    );
  }

  get isOwned(): boolean {
    return this.#phase !== 'unowned';
  }

  get isEnabled(): boolean {
    return this.stored.enabledOverride ?? this.definition.enabled;
  }

  /** Disabled or suspended: its next poll never comes. */
  get isResting(): boolean {
    return this.#isResting;
  }

  /** Whether this node may poll it if nobody else does. */
  isAcquirable(now: number): boolean {
    return !this.isOwned && (this.#orphan === null || now >= this.#giveUpAt(this.#orphan));
  }

  /** Whether another node asks for it and nothing here has to end before. */
  get mayLeave(): boolean {
    return this.#isWanted && this.#phase === 'waiting' && !this.waiters.wantPoll;
  }

  /** Whether a poll that found nothing has to be written all the same. */
  get mustWrite(): boolean {
    return this.#writesEveryPoll || this.ticks.isMissed;
  }

  /** Whether this poll is the present one, stalled or not. */
  holds(poll: CurrentPoll): boolean {
    return this.#current === poll;
  }

  /** Whether this poll is the present one and its result counts. */
  isOpen(poll: CurrentPoll): boolean {
    return this.#current === poll && this.#phase !== 'stalled';
  }

  /** When something has to be decided. */
  wakeAt(now: number): number {
    if (this.#phase === 'waiting') return this.isResting ? Number.POSITIVE_INFINITY : this.plan.wakeAt(now);
    if (this.#current === null || this.#phase === 'committing') return Number.POSITIVE_INFINITY;
    if (this.#phase === 'stalled') return this.#giveUpAt(this.#current);
    // Not the deadline alone: a poll nearly always ends before its next slot, and then nothing has to be taken back.
    return Math.min(this.#deadlineOf(this.#current), this.plan.slotAfter(now));
  }

  /** What is due now. */
  due(now: number): Due {
    if (this.#phase === 'waiting') return !this.isResting && this.plan.isDue(now) ? 'poll' : null;
    if (this.#current === null || this.#phase === 'committing') return null;
    if (this.#phase === 'stalled') return now >= this.#giveUpAt(this.#current) ? 'giveUp' : null;
    return now >= this.#deadlineOf(this.#current) ? 'timeOut' : null;
  }

  /** This node owns it now, perhaps handed over by another one: plans the first poll. */
  own(stored: StoredTrigger, now: number, isHandedOver: boolean): void {
    this.#move('waiting');
    this.#know(stored);
    this.#orphan = null;
    this.ticks = new TickCounter(now + placeMs(this.name, COUNTS_EVERY_MS));
    this.plan.begin(stored, now, isHandedOver);
  }

  /** This node does not own it any more: its poll is aborted and the result will not count. */
  lose(reason: Error): void {
    if (!this.isOwned) return;
    this.#move('unowned');
    this.#current?.abort(reason);
    if (this.#current?.bodyRuns === true) this.#orphan = this.#current;
    this.#current = null;
    this.#stored = null;
    this.waiters.refuse(reason.message);
  }

  /** It is being handed over: not polled any more. */
  leave(): void {
    this.#move('leaving');
  }

  /** It was not handed over, and is polled on; whoever wants it still is found at the next renewal. */
  stay(now: number): void {
    this.resume(now);
    this.patch({ wantedBy: null });
  }

  /** Its counts are on their way to the store: not polled meanwhile, so that none is counted twice. */
  settle(): void {
    this.#move('committing');
  }

  /** What kept it from being polled is over. */
  resume(now: number): void {
    this.#move('waiting');
    if (this.waiters.wantPoll) this.plan.extra(now);
  }

  /** Its method is called now. */
  begin(now: number, clock: Clock): CurrentPoll {
    this.#move('polling');
    this.plan.began();
    this.waiters.began();
    this.startedAt = now;
    return (this.#current = new CurrentPoll(this.stored, now, false, clock));
  }

  /** It outlived its timeout. */
  stall(reason: Error): CurrentPoll {
    this.#move('stalled');
    const poll = this.#current as CurrentPoll;
    poll.abort(reason);
    return poll;
  }

  /** Its result is on its way to the store: no deadline from here on. A stalled poll stays stalled. */
  commit(): void {
    if (this.#phase === 'polling') this.#move('committing');
  }

  /** The body of a poll has ended, also of one that was lost. */
  bodyEnded(poll: CurrentPoll): void {
    poll.bodyRuns = false;
    if (this.#orphan === poll) this.#orphan = null;
  }

  /** The poll is over: plans the next one, at once if `again`. The report may be left out when nobody waits for it. */
  finish(now: number, report: PollReport | null, again = false): void {
    this.#move('waiting');
    this.#current = null;
    if (again || this.waiters.wantPoll) this.plan.extra(now);
    else this.#planNext(now);
    if (report !== null) this.waiters.answer(report);
  }

  /** What the store says of it now: an operator may have changed it. */
  apply(stored: StoredTrigger, now: number): void {
    const { isResting } = this;
    const { cursorVersion } = this.stored;
    const isMoved = this.#know(stored);
    if (this.#phase !== 'waiting') return;
    if (isResting !== this.isResting || cursorVersion !== stored.cursorVersion) this.plan.extra(now);
    else if (isMoved) this.#planNext(now);
  }

  /** What this node has written itself. */
  patch(change: Partial<StoredTrigger>): void {
    this.#know({ ...this.stored, ...change });
  }

  /** Says whether the next poll has to be planned anew. */
  #know(stored: StoredTrigger): boolean {
    this.#stored = stored;
    const isMoved = this.plan.know(stored);
    this.#isResting = !this.isEnabled || stored.suspendedAt !== null;
    this.#isWanted = stored.wantedBy !== null;
    this.#writesEveryPoll = stored.consecutiveFailures > 0 || this.plan.keepsClock;
    return isMoved;
  }

  #planNext(now: number): void {
    const failures = this.stored.consecutiveFailures;
    if (failures === 0) this.plan.next(now);
    else this.plan.backOff(this.startedAt ?? now, failures, now);
  }

  #deadlineOf({ boundSince }: CurrentPoll): number {
    return boundSince + this.definition.timeoutMs;
  }

  #giveUpAt({ boundSince }: CurrentPoll): number {
    return boundSince + this.definition.timeoutMs * MAX_STALLED_TIMEOUTS;
  }

  #move(to: PollPhase): void {
    if (!POLL_EDGES[this.#phase].includes(to)) {
      const message = `Trigger "${this.name}" cannot become ${to} while it is ${this.#phase}. Please report it.`;
      throw new TriggersError('TRG_BUG_INVALID_STATE', message);
    }
    this.#phase = to;
  }
}
