import { Injectable } from '@nestjs/common';
import type { FireOutcome, FireRequest } from '../../intake/fire.types.js';
import { IntakeService } from '../../intake/intake.service.js';
import { Clock, MAX_TIMER_MS } from '../../model/clock.js';
import { formatDuration } from '../../model/duration.js';
import { TriggersError } from '../../model/errors.js';
import { isDoneWithin } from '../../model/patience.js';
import type { TriggerResult } from '../../model/trigger-result.js';
import { skipped } from '../skipped-fire.js';
import type { SkippedFire } from '../skipped-fire.js';
import type { ScheduleDefinition } from './schedule.definition.js';
import { askMethod } from './tick.runner.js';

/** Somebody fires a schedule. */
export interface ScheduleFire extends Omit<FireRequest, 'trigger' | 'dedup'> {
  /** When the trigger last fired; the method is told. */
  readonly lastFiredAt: Date | null;
}

/**
 * Fires schedules by hand. That is no tick: no key of a tick keeps it away, and it keeps none away. Without a context the
 * method makes one of this moment, as it does of its ticks.
 */
@Injectable()
export class ScheduleFirings {
  constructor(
    private readonly intake: IntakeService,
    private readonly clock: Clock,
  ) {}

  /**
   * Fires it now.
   *
   * @throws TRG_API_CONFLICT when the method makes several items of a tick; TRG_POLL_RESULT, TRG_POLL_TIMEOUT and what the
   *   method throws; as {@link IntakeService.fire}
   */
  async fire(
    schedule: ScheduleDefinition,
    { lastFiredAt, ...asked }: ScheduleFire,
  ): Promise<FireOutcome | SkippedFire> {
    if (asked.context !== undefined) return this.#commit(schedule, asked);
    const { items, reason } = await this.#call(schedule, lastFiredAt);
    const [item] = items;
    if (item === undefined) return skipped(reason);
    if (items.length > 1) throw several(schedule.name, items.length);
    const { context, dedupKey = asked.dedupKey, runAt = asked.runAt, priority = asked.priority } = item;
    // Each call sees another moment: a repeat under an Idempotency-Key is known by what was sent.
    return this.#commit(schedule, { ...asked, context, dedupKey, runAt, priority, payload: 'null' });
  }

  #commit(trigger: ScheduleDefinition, asked: Omit<FireRequest, 'trigger'>): Promise<FireOutcome> {
    return this.intake.fire({ ...asked, trigger, ...(asked.dedupKey === undefined && { dedup: { scope: 'off' } }) });
  }

  async #call(schedule: ScheduleDefinition, lastFiredAt: Date | null): Promise<TriggerResult> {
    const { name: trigger, label } = schedule;
    // Somebody waits for the answer.
    const patienceMs = Math.min(schedule.timeoutMs, MAX_TIMER_MS);
    const controller = new AbortController();
    const scheduledFor = new Date(this.clock.now());
    const call = askMethod(schedule, { trigger, scheduledFor, lastFiredAt, signal: controller.signal, dryRun: false });
    if (await isDoneWithin(patienceMs, call, this.clock)) return call;
    const message = `${label} did not return within ${formatDuration(patienceMs)}.`;
    const late = new TriggersError('TRG_POLL_TIMEOUT', message);
    controller.abort(late);
    throw late;
  }
}

function several(name: string, count: number): TriggersError {
  const message = `Trigger "${name}" makes ${count} items of a tick, and a fire by hand is one firing. Give the context of one.`;
  return new TriggersError('TRG_API_CONFLICT', message);
}
