import { Injectable } from '@nestjs/common';
import { DefinitionProblems } from '../../discovery/definition-problems.js';
import { TriggerRegistry } from '../../intake/trigger.registry.js';
import type { Source } from '../source.js';
import { PollTriggerBuilder } from './poll-trigger.builder.js';
import type { PollDefinition } from './poll-trigger.definition.js';
import { PollTriggerExplorer } from './poll-trigger.explorer.js';
import { PollerService } from './poller.service.js';
import { declareRuntimeTrigger } from './declare-runtime-trigger.js';
import type { RuntimeTrigger } from './runtime-trigger.js';

/** Poll triggers as a source: finds `@Trigger`, lets {@link PollerService} poll them, takes further ones at run time. */
@Injectable()
export class PollSource implements Source {
  constructor(
    private readonly explorer: PollTriggerExplorer,
    private readonly builder: PollTriggerBuilder,
    private readonly registry: TriggerRegistry,
    private readonly poller: PollerService,
  ) {}

  async discover(): Promise<readonly PollDefinition[]> {
    const found = await this.explorer.explore();
    for (const definition of found) this.poller.add(definition);
    return found;
  }

  start(): Promise<void> {
    return this.poller.start();
  }

  stop(signal: AbortSignal): Promise<void> {
    return this.poller.stop(signal);
  }

  renewed(): Promise<void> {
    return this.poller.renewed();
  }

  noticed(name: string | null): Promise<void> {
    return name === null ? this.poller.renewed() : this.poller.refresh(name);
  }

  leaseLost(): void {
    this.poller.leaseLost();
  }

  /**
   * Declares a trigger while the application runs, and polls it if this process polls. Its row, and so its cursor and
   * what operators set, outlives the process.
   *
   * @throws TRG_DEF_INVALID with everything that is wrong with it; TRG_STORE_UNAVAILABLE
   */
  async register(declared: RuntimeTrigger): Promise<void> {
    const problems = new DefinitionProblems();
    const definition = await this.builder.build(declareRuntimeTrigger(declared, problems), problems);
    problems.throwIfAny();
    if (definition === undefined) return;
    problems.attempt(() => this.registry.add(definition));
    problems.throwIfAny();
    try {
      await this.poller.enlist([this.poller.add(definition)]);
    } catch (error) {
      await this.remove(definition.name);
      throw error;
    }
  }

  /** Forgets a trigger; a poll on its way is aborted. The row stays. @throws TRG_API_TRIGGER_NOT_FOUND */
  async remove(name: string): Promise<void> {
    const trigger = this.poller.require(name);
    this.registry.remove(name);
    await this.poller.drop(trigger);
  }
}
