import { Injectable } from '@nestjs/common';
import { DefinitionProblems } from '../../discovery/definition-problems.js';
import { ProviderExplorer } from '../../discovery/provider.explorer.js';
import { TriggerRegistry } from '../../intake/trigger.registry.js';
import { declaredTriggers } from '../declared-trigger.js';
import { registerTriggers } from '../register-triggers.js';
import { MessageTriggerBuilder } from './message-trigger.builder.js';
import { MESSAGE_TRIGGER } from './message-trigger.decorator.js';
import type { MessageDefinition } from './message-trigger.definition.js';

/** Finds `@MessageTrigger` on the methods of all providers and controllers, at boot. What is wrong is collected. */
@Injectable()
export class MessageTriggerExplorer {
  constructor(
    private readonly providers: ProviderExplorer,
    private readonly builder: MessageTriggerBuilder,
    readonly registry: TriggerRegistry,
    readonly problems: DefinitionProblems,
  ) {}

  /** Puts every message trigger into the registry. */
  explore(): Promise<readonly MessageDefinition[]> {
    return registerTriggers(this, declaredTriggers(this.providers.all(), MESSAGE_TRIGGER), (declared) =>
      this.builder.build(declared, this.problems),
    );
  }
}
