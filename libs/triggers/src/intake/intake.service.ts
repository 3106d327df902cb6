import { Injectable } from '@nestjs/common';
import { Clock } from '../model/clock.js';
import { EventBus } from '../model/events.js';
import type { ExecutionId, FiringId } from '../model/ids.js';
import { TriggersError, isTriggersError } from '../model/errors.js';
import { DELIVERY } from '../store/commits/delivery.commit.js';
import { FIRING } from '../store/commits/firing.commit.js';
import { REPLAY } from '../store/commits/replay.commit.js';
import type { Replayed } from '../store/commits/replay.commit.js';
import type { FiringDraft, FiringVerdict } from '../store/commits/firing.draft.js';
import { READ_ANSWER, discardLetter } from '../store/letter.repository.js';
import { Store } from '../store/store.service.js';
import { answeredOutcome, outcomeOf, skippedOutcome, tellStored, togetherOutcome } from './fire-outcome.js';
import { inTime } from './in-time.js';
import { IntakeCounter } from './intake-counter.js';
import type {
  FireOutcome,
  FireRequest,
  RejectRequest,
  ReplayRequest,
  SkipRequest,
  StartRequest,
} from './fire.types.js';
import { IntakePipe } from './intake.pipe.js';
import { directSource, sourceOf } from './firing-source.js';
import type { FiringExtras } from './firing-source.js';
import { refuseOtherContext } from './repeated-request.js';
import { LetterSource } from './letter.source.js';
import { PayloadWork } from './payload-work.js';
import { ReplaySource } from './replay.source.js';
import type { TriggerDefinition } from './trigger.definition.js';

/** A fire that was judged; it is durable when it is committed. */
export interface JudgedFire {
  readonly request: FireRequest;
  readonly draft: FiringDraft;
}

/** How an execution is replayed. */
export interface ReplayExecutionOptions extends ReplayRequest {
  /** Only while it is an open dead letter. @default as often as somebody asks */
  readonly once?: boolean;
}

/**
 * Intake: everything that fires comes through here, whatever its source.
 *
 * verify → parse → schema → map → filter → [in the commit: dedup → rate limit → insert]. Nothing before the commit is
 * more than a hint. When a call returns, the firing with its executions and first tasks is durable, or it was a
 * duplicate of one that is; a caller that is told "unavailable" may try again without harm. Of any number of racers with
 * one dedup key exactly one is accepted and the others are told its ids.
 */
@Injectable()
export class IntakeService {
  readonly #work: PayloadWork;

  constructor(
    private readonly store: Store,
    private readonly pipe: IntakePipe,
    private readonly counter: IntakeCounter,
    private readonly replays: ReplaySource,
    private readonly letters: LetterSource,
    private readonly events: EventBus,
    private readonly clock: Clock,
  ) {
    this.#work = new PayloadWork(clock, events);
  }

  /**
   * Fires a trigger on somebody's behalf.
   *
   * @throws TRG_CONTEXT_*, TRG_DEDUP_KEY for a bad context; TRG_STORE_UNAVAILABLE when the database does not answer
   */
  async fire(request: FireRequest): Promise<FireOutcome> {
    return this.commit(await this.judge(request));
  }

  /**
   * The part of {@link fire} that asks the application's code and not the database: nothing of it is written. Whoever has asked that code
   * for more than the filter bounds all of it together.
   *
   * @throws TRG_CONTEXT_*, TRG_DEDUP_KEY for a bad context; TRG_TRIGGER_TIMEOUT
   */
  async judge(request: FireRequest): Promise<JudgedFire> {
    return { request, draft: await this.#draftOf(request) };
  }

  /** The rest of {@link fire}. @throws TRG_STORE_UNAVAILABLE when the database does not answer */
  commit({ request, draft }: JudgedFire): Promise<FireOutcome> {
    const { trigger, deadlineMs } = request;
    const outcome = this.#submit(draft, request, deadlineMs).then((told) => this.#counted(trigger, told));
    return inTime(this.clock, outcome, deadlineMs);
  }

  /**
   * {@link judge} for what came together: each by itself.
   *
   * @param letterOf what is kept of a context that cannot be taken; the others fire
   */
  async judgeTogether(
    requests: readonly FireRequest[],
    letterOf: (at: number, error: TriggersError) => RejectRequest,
  ): Promise<readonly JudgedFire[]> {
    const judged: JudgedFire[] = [];
    for (const [at, request] of requests.entries())
      judged.push({ request, draft: await this.#draftOrLetter(request, (error) => letterOf(at, error)) });
    return judged;
  }

  /**
   * Fires what came together: beyond the rate limit, or where no more is held, nothing of it is stored, so that whoever sent it comes
   * again with all of it.
   *
   * @throws TRG_STORE_UNAVAILABLE when the database does not answer
   */
  async commitTogether(judged: readonly JudgedFire[], deadlineMs: number): Promise<readonly FireOutcome[]> {
    const drafts = judged.map(({ draft }) => draft);
    const verdicts = this.store.commits.submit(DELIVERY, drafts, { deadlineMs });
    const outcomes = verdicts.then((given) =>
      judged.map(({ request, draft }, at) =>
        this.#counted(request.trigger, this.conclude(draft, given[at] as FiringVerdict)),
      ),
    );
    return inTime(this.clock, outcomes, deadlineMs);
  }

  /**
   * Keeps a record of something that cannot even be judged: nothing starts.
   *
   * @throws TRG_DEDUP_KEY; TRG_STORE_UNAVAILABLE when the database does not answer
   */
  reject(request: RejectRequest): Promise<FireOutcome> {
    return inTime(this.clock, this.#write(this.#letterOf(request), request.deadlineMs), request.deadlineMs);
  }

  /**
   * Keeps a record of something that the trigger's method wants nothing of: a `filtered` firing with its reason.
   *
   * @throws TRG_STORE_UNAVAILABLE when the database does not answer
   */
  skip({ trigger, reason, deadlineMs }: SkipRequest): Promise<FireOutcome> {
    const draft = this.pipe.unjudged(sourceOf(trigger), { state: 'filtered', reason });
    return inTime(this.clock, this.#write(draft, deadlineMs), deadlineMs);
  }

  /** Starts a workflow without a trigger. @throws as {@link fire} */
  async start(request: StartRequest): Promise<FireOutcome> {
    const { workflow, initiatedBy, idempotency, ...item } = request;
    const extras = { initiatedBy, idempotency };
    return this.#submit(await this.pipe.draft(directSource(workflow), item, 'throw', extras), extras);
  }

  /**
   * A new execution of the firing of an ended one, linked to it. It takes a free dedup key and ignores windows. What was
   * edited is a context, or what the trigger makes one of, where that keeps what was sent.
   *
   * @param options `once`: as a dead letter; one that was answered before is a duplicate of that
   * @throws TRG_API_EXECUTION_NOT_FOUND; TRG_API_CONFLICT while the execution still runs, its workflow is gone, or another
   *   execution holds its key; and as {@link fire}
   */
  async replay(
    executionId: ExecutionId,
    { once = false, ...asked }: ReplayExecutionOptions = {},
  ): Promise<FireOutcome> {
    const { source, firingId, replayKey, read } = await this.replays.find(executionId, asked);
    const { initiatedBy } = asked;
    const judged = await this.#inTime(source.trigger, async () => {
      const fired = await read();
      if ('skipped' in fired) return fired;
      const { item, payload } = fired;
      return [await this.pipe.draft(source, item, 'throw', { initiatedBy, payload, replayOf: executionId, replayKey })];
    });
    if ('skipped' in judged) return skippedOutcome(firingId, judged.skipped);
    const outcome = await this.#replay({ kind: 'execution', id: executionId, once }, judged);
    if (outcome.status !== 'duplicate' || outcome.of === 'letter') return outcome;
    throw new TriggersError(
      'TRG_API_CONFLICT',
      `Firing "${outcome.firingId}" holds the dedup key of this execution. Replay it when that has ended.`,
      {
        details: { holder: outcome.firingId, executionIds: outcome.executionIds },
      },
    );
  }

  /**
   * A new firing from what was kept of a dead one, or from what was edited; when it is accepted it closes the dead letter.
   * One that was answered meanwhile is answered as a duplicate of that.
   *
   * @throws TRG_API_DEAD_LETTER_NOT_FOUND; TRG_API_CONFLICT for one that was discarded, or whose trigger is gone; and as
   *   {@link fire}
   */
  async replayLetter(id: FiringId, asked: ReplayRequest = {}): Promise<FireOutcome> {
    const found = await this.letters.find(id, asked);
    if (found.kind === 'over') return this.#answered(id, found.by);
    const { initiatedBy } = asked;
    const judged = await this.#inTime(found.trigger, async () => {
      const read = await found.read();
      if ('skipped' in read) return read;
      const drafts: FiringDraft[] = [];
      for (const { source, item, ...own } of read.fired) {
        const extras = { initiatedBy, payload: read.payload, replayOfLetter: id, ...own };
        drafts.push(await this.pipe.draft(source, item, 'throw', extras));
      }
      return drafts;
    });
    if ('skipped' in judged) return skippedOutcome(id, judged.skipped);
    return this.#replay({ kind: 'firing', id }, judged);
  }

  /** Closes a dead letter without an answer; says whether there was an open one. */
  discardLetter(id: string): Promise<boolean> {
    return this.store.change(() => discardLetter(id));
  }

  #letterOf({ trigger, reason, dedupKey, sameForMs, payload, origin }: RejectRequest): FiringDraft {
    const extras = { payload, origin, sameForMs };
    return this.pipe.unjudged(sourceOf(trigger), { state: 'rejected', reason }, { dedupKey }, extras);
  }

  #draftOf(request: FireRequest): Promise<FiringDraft> {
    const { trigger, dedup, rate, whenDisabled, onLimit = 'refuse' } = request;
    const source = sourceOf(trigger, { dedup, rate, whenDisabled, onLimit });
    // Both the item and what goes with it: to take a request apart by rests cost as much as to hash its key.
    return this.pipe.draft(source, request, 'throw', request);
  }

  async #draftOrLetter(request: FireRequest, letterOf: (error: TriggersError) => RejectRequest): Promise<FiringDraft> {
    try {
      return await this.#draftOf(request);
    } catch (error) {
      if (!isTriggersError(error) || error.family !== 'context') throw error;
      return this.#letterOf(letterOf(error));
    }
  }

  #counted({ name }: TriggerDefinition, outcome: FireOutcome): FireOutcome {
    if (outcome.status === 'accepted') this.counter.fired(name, 'fires');
    else if (outcome.status === 'duplicate' && outcome.of !== 'letter') this.counter.fired(name, 'duplicates');
    return outcome;
  }

  async #submit(
    draft: FiringDraft,
    extras: Pick<FiringExtras, 'idempotency'>,
    deadlineMs?: number,
  ): Promise<FireOutcome> {
    const outcome = await this.#write(draft, deadlineMs);
    const repeated = outcome.of === 'idempotency' && extras.idempotency !== undefined;
    if (repeated) await refuseOtherContext(this.store, draft, outcome.firingId);
    return outcome;
  }

  /** What a workflow was asked for without a trigger has no code of one. */
  #inTime<T>(trigger: TriggerDefinition | null, work: () => Promise<T>): Promise<T> {
    return trigger === null ? work() : this.#work.inTime(trigger, work);
  }

  /** All items or none: one that cannot be taken has refused the replay before anything is written. */
  async #replay(of: Replayed, drafts: readonly FiringDraft[]): Promise<FireOutcome> {
    const { commitDeadlineMs: deadlineMs } = this.store.options;
    const outcome = await this.store.commits.submit(REPLAY, { of, drafts }, { deadlineMs });
    if (outcome.status === 'over') return this.#answered(of.id, outcome.closedBy);
    return togetherOutcome(outcome.verdicts.map((verdict, at) => this.conclude(drafts[at] as FiringDraft, verdict)));
  }

  /** @throws TRG_API_CONFLICT when nothing was accepted in its place */
  async #answered(id: FiringId | ExecutionId, by: FiringId | null): Promise<FireOutcome> {
    if (by !== null) return answeredOutcome(by, (await this.store.read(READ_ANSWER, [[by]]))[0]);
    const message = `"${id}" is no open dead letter (any more): it was discarded, or it was retried and goes on.`;
    throw new TriggersError('TRG_API_CONFLICT', message);
  }

  async #write(draft: FiringDraft, deadlineMs = this.store.options.commitDeadlineMs): Promise<FireOutcome> {
    return this.conclude(draft, await this.store.commits.submit(FIRING, draft, { deadlineMs }));
  }

  /** What a caller is told of a verdict, after everybody else was told. */
  conclude(draft: FiringDraft, verdict: FiringVerdict): FireOutcome {
    const { trigger, reason } = draft;
    if (verdict.status === 'duplicate') {
      this.counter.duplicate(verdict.firingId);
      this.events.emit('firing.duplicate', { trigger, firingId: verdict.firingId });
    } else if (verdict.status === 'stored') tellStored(this.events, { trigger, reason, ...verdict });
    return outcomeOf(draft, verdict);
  }
}
