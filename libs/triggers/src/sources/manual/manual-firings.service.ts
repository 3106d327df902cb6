import { Injectable } from '@nestjs/common';
import { keyOfContext } from '../../intake/dedup-key.js';
import type { FireOutcome, FireRequest, IdempotencyKey } from '../../intake/fire.types.js';
import { IntakeService } from '../../intake/intake.service.js';
import type { JudgedFire } from '../../intake/intake.service.js';
import { PayloadWork } from '../../intake/payload-work.js';
import { PollIntake } from '../../intake/poll-intake.js';
import { Clock } from '../../model/clock.js';
import { isTriggersError } from '../../model/errors.js';
import { EventBus } from '../../model/events.js';
import type { JsonObject } from '../../model/json.js';
import { errorMessage } from '../../model/text.js';
import type { FireItem } from '../../model/trigger-result.js';
import type { DryRunReport } from '../poll/poll.reports.js';
import { skipped } from '../skipped-fire.js';
import type { SkippedFire } from '../skipped-fire.js';
import { callMethod, itemOf } from './manual-call.js';
import type { ManualCall } from './manual-call.js';
import { disabled, occupied } from './manual-refusals.js';
import type { ManualDefinition } from './manual-trigger.definition.js';

/**
 * Somebody asks for a firing of a manual trigger. What the method says of key, time and priority goes before this. Guards and
 * limits are per user: there are none where `initiatedBy` names nobody.
 */
export interface ManualFire extends Omit<FireItem, 'context'>, Omit<ManualCall, 'dryRun'> {
  readonly idempotency?: IdempotencyKey | undefined;
}

/** Fires manual triggers: input → method → intake, where the guards of the user stand beside dedup. */
@Injectable()
export class ManualFirings {
  readonly #work: PayloadWork;

  constructor(
    private readonly intake: IntakeService,
    private readonly previews: PollIntake,
    events: EventBus,
    private readonly clock: Clock,
  ) {
    this.#work = new PayloadWork(clock, events);
  }

  /**
   * Fires a trigger.
   *
   * @throws TRG_API_CONFLICT while it is disabled, or exclusive and not over; TRG_CONTEXT_SCHEMA when the input or what
   *   the method made of it does not fit; TRG_CONTEXT_*, TRG_MANUAL_RESULT, TRG_API_IDEMPOTENCY, TRG_STORE_UNAVAILABLE;
   *   TRG_TRIGGER_TIMEOUT; and what the method throws
   */
  async fire(trigger: ManualDefinition, asked: ManualFire): Promise<FireOutcome | SkippedFire> {
    const judged = await this.#work.inTime(trigger, () => this.#judge(trigger, asked));
    if ('status' in judged) return judged;
    const outcome = await this.intake.commit(judged);
    if (outcome.status === 'refused') throw disabled(trigger.name);
    if (trigger.exclusive && outcome.of === 'dedup') throw occupied(trigger.name, outcome);
    return outcome;
  }

  async #judge(trigger: ManualDefinition, asked: ManualFire): Promise<JudgedFire | SkippedFire> {
    const { input, result } = await callMethod(trigger, asked);
    if (result.kind === 'skip') return skipped(result.reason);
    const { initiatedBy, idempotency } = asked;
    return this.intake.judge({
      trigger,
      ...itemOf(trigger, asked, result.item),
      ...guardsOf(trigger, asked, input.value),
      initiatedBy,
      idempotency,
      ...(result.item.context !== input.value && { payload: input.json }),
      whenDisabled: 'refuse',
    });
  }

  /** What {@link fire} would do now. Never throws for what is wrong with input or method; nothing is written. */
  async test(trigger: ManualDefinition, asked: ManualFire): Promise<DryRunReport> {
    const startedAt = this.clock.monotonic();
    const durationMs = (): number => Math.round(this.clock.monotonic() - startedAt);
    try {
      const { result } = await this.#work.inTime(trigger, () => callMethod(trigger, { ...asked, dryRun: true }));
      const nothing = { cursor: undefined, more: false };
      if (result.kind === 'skip') {
        return { status: 'skipped', reason: result.reason, items: [], ...nothing, durationMs: durationMs() };
      }
      const items = await this.previews.preview(trigger, [itemOf(trigger, asked, result.item)]);
      return { status: 'fired', reason: null, items, ...nothing, durationMs: durationMs() };
    } catch (error) {
      const code = isTriggersError(error) ? error.code : null;
      return { status: 'failed', error: errorMessage(error), code, durationMs: durationMs() };
    }
  }
}

function guardsOf(
  { name, userRate, doubleClickMs }: ManualDefinition,
  asked: ManualFire,
  input: JsonObject,
): Pick<FireRequest, 'guard' | 'rate'> {
  const { initiatedBy: user, idempotency } = asked;
  if (user === undefined) return {};
  // Who sends an Idempotency-Key says with it what is the same request.
  const guarded = doubleClickMs !== null && idempotency === undefined;
  return {
    ...(guarded && { guard: { key: clickOf(user, asked, input), windowMs: doubleClickMs } }),
    // Hashed, because a program may name whomever it likes, at any length.
    ...(userRate !== null && { rate: { space: `manual:${name}:${keyOfContext(user).label}`, ...userRate } }),
  };
}

/** The same user asks for the same. What the method makes of it may differ from call to call, so it does not count. */
function clickOf(user: string, { dedupKey, runAt }: ManualFire, input: JsonObject): string {
  return keyOfContext({ user, input, dedupKey: dedupKey ?? null, runAt: runAt?.toISOString() ?? null }).label;
}
