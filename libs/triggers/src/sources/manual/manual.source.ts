import { Injectable } from '@nestjs/common';
import { DefinitionProblems } from '../../discovery/definition-problems.js';
import { ProviderExplorer } from '../../discovery/provider.explorer.js';
import { TriggerRegistry } from '../../intake/trigger.registry.js';
import { declaredTriggers } from '../declared-trigger.js';
import { registerTriggers } from '../register-triggers.js';
import type { Source } from '../source.js';
import { ManualTriggerBuilder } from './manual-trigger.builder.js';
import { MANUAL_TRIGGER } from './manual-trigger.decorator.js';
import type { ManualDefinition } from './manual-trigger.definition.js';

/** Manual triggers as a source: finds `@ManualTrigger`. It notices nothing by itself: people and programs fire. */
@Injectable()
export class ManualSource implements Source {
  constructor(
    private readonly providers: ProviderExplorer,
    private readonly builder: ManualTriggerBuilder,
    readonly registry: TriggerRegistry,
    readonly problems: DefinitionProblems,
  ) {}

  discover(): Promise<readonly ManualDefinition[]> {
    const declared = declaredTriggers(this.providers.all(), MANUAL_TRIGGER);
    return registerTriggers(this, declared, (one) => this.builder.build(one, this.problems));
  }
}
