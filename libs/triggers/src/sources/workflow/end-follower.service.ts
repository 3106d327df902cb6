import { Injectable, Logger } from '@nestjs/common';
import { EndIntake } from '../../intake/end-intake.service.js';
import type { FollowUp, FollowedBy, ReadEnd } from '../../intake/end-intake.service.js';
import { causedBy } from '../../model/causation.js';
import { Clock } from '../../model/clock.js';
import { errorMessage } from '../../model/text.js';
import { mappedInTime } from '../payload/mapping-time.js';
import { mappedEnd, unmapped } from './mapped-end.js';
import type { WorkflowEnd } from './workflow-end.js';
import type { WorkflowTriggerDefinition } from './workflow-trigger.definition.js';

/**
 * Follows ends: reads the end, asks the method what to fire, commits that. The record of the end goes with that commit,
 * so whatever fails before, a database that is away or a process that dies, leaves it for the next try: at once on
 * another node, or with a renewal of the lease. A method that throws or takes too long has its say all the same: a dead letter.
 */
@Injectable()
export class EndFollower {
  readonly #logger = new Logger('triggers');
  readonly #triggers = new Map<string, WorkflowTriggerDefinition>();
  readonly #following = new Map<string, Promise<void>>();

  constructor(
    private readonly intake: EndIntake,
    private readonly clock: Clock,
  ) {}

  add(trigger: WorkflowTriggerDefinition): void {
    this.#triggers.set(trigger.name, trigger);
  }

  /** Does these follow-ups, those left out that are on their way. Never throws. */
  follow(followUps: readonly FollowUp[]): void {
    for (const followUp of followUps) {
      const trigger = this.#triggers.get(followUp.trigger);
      if (trigger === undefined || this.#following.has(followUp.id)) continue;
      const following = this.#follow(followUp, trigger)
        .catch((error: unknown) => this.#logger.warn(`${whatOf(followUp)} is tried again soon: ${errorMessage(error)}`))
        .finally(() => this.#following.delete(followUp.id));
      this.#following.set(followUp.id, following);
    }
  }

  /** Resolves when none is on its way. */
  async whenIdle(): Promise<void> {
    while (this.#following.size > 0) await Promise.all(this.#following.values());
  }

  async #follow(followUp: FollowUp, trigger: WorkflowTriggerDefinition): Promise<void> {
    const read = await this.intake.read(followUp);
    if (read === null) return;
    const end = endOf(read);
    // The switch is asked again in the commit; here it spares the call.
    const isOn = read.enabledOverride ?? trigger.enabled;
    const by: FollowedBy = isOn ? await this.#map(trigger, end, read.depth) : { kind: 'fire', items: [] };
    await this.intake.follow(followUp, trigger, read, by);
  }

  async #map(trigger: WorkflowTriggerDefinition, end: WorkflowEnd, depth: number): Promise<FollowedBy> {
    const { invoker, label } = trigger;
    try {
      const call = causedBy({ executionId: end.executionId, depth }, () => invoker.invoke([end]));
      return mappedEnd(await mappedInTime(call, trigger, this.clock), end, label);
    } catch (error) {
      const reason = `${label} failed: ${errorMessage(error)}`;
      this.#logger.error(`Trigger "${trigger.name}" keeps a dead letter: ${reason}`);
      return unmapped(end, reason);
    }
  }
}

function endOf({ depth: _depth, enabledOverride: _switch, ...end }: ReadEnd): WorkflowEnd {
  return end;
}

function whatOf({ executionId, trigger }: FollowUp): string {
  return `What trigger "${trigger}" makes of the end of execution "${executionId}"`;
}
