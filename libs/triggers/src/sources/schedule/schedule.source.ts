import { Injectable, Logger } from '@nestjs/common';
import { DefinitionProblems } from '../../discovery/definition-problems.js';
import { ProviderExplorer } from '../../discovery/provider.explorer.js';
import { TriggerRegistry } from '../../intake/trigger.registry.js';
import { Clock } from '../../model/clock.js';
import { declaredTriggers } from '../declared-trigger.js';
import { PollerService } from '../poll/poller.service.js';
import { registerTriggers } from '../register-triggers.js';
import type { Source } from '../source.js';
import { ScheduleBuilder } from './schedule.builder.js';
import { CRON_TRIGGER, INTERVAL_TRIGGER } from './schedule.decorators.js';
import { nextTicks } from './schedule.definition.js';
import type { ScheduleDefinition } from './schedule.definition.js';
import { ScheduleTimings } from './schedule.timing.js';

/**
 * Schedules as a source: finds `@CronTrigger` and `@IntervalTrigger` and gives them to the poller, which starts and stops with
 * the poll triggers. What a poll of a schedule does is in `tick.runner.ts`, when it is polled in `calendar.plan.ts`.
 */
@Injectable()
export class ScheduleSource implements Source {
  readonly #logger = new Logger('Triggers');
  #found: readonly ScheduleDefinition[] = [];

  constructor(
    private readonly providers: ProviderExplorer,
    private readonly builder: ScheduleBuilder,
    private readonly timings: ScheduleTimings,
    readonly registry: TriggerRegistry,
    readonly problems: DefinitionProblems,
    private readonly poller: PollerService,
    private readonly clock: Clock,
  ) {}

  async discover(): Promise<readonly ScheduleDefinition[]> {
    const definitions = await Promise.all(this.#declared());
    const accept = (definition: ScheduleDefinition): void => void this.poller.add(definition);
    return (this.#found = await registerTriggers(this, definitions, async (one) => one, accept));
  }

  async start(): Promise<void> {
    const now = this.clock.now();
    for (const definition of this.#found) {
      if (nextTicks(definition, new Date(now), now, 1)?.length !== 0) continue;
      const { name, timing } = definition;
      this.#logger.warn(
        `Trigger "${name}" never fires: no instant is named by "${timing.of}". Correct the expression.`,
      );
    }
  }

  #declared(): readonly Promise<ScheduleDefinition | undefined>[] {
    const { builder, timings, problems } = this;
    const owners = this.providers.all();
    const crons = declaredTriggers(owners, CRON_TRIGGER);
    const intervals = declaredTriggers(owners, INTERVAL_TRIGGER);
    return [
      ...crons.map((one) => builder.build(one, (options, where) => timings.cron(options, where), problems)),
      ...intervals.map((one) => builder.build(one, (options, where) => timings.interval(options, where), problems)),
    ];
  }
}
