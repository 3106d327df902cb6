import { Injectable } from '@nestjs/common';
import { DefinitionProblems } from '../../discovery/definition-problems.js';
import { ProviderExplorer } from '../../discovery/provider.explorer.js';
import { TriggerRegistry } from '../../intake/trigger.registry.js';
import { declaredTriggers } from '../declared-trigger.js';
import { registerTriggers } from '../register-triggers.js';
import { WebhookTriggerBuilder } from './webhook-trigger.builder.js';
import { WEBHOOK_TRIGGER } from './webhook-trigger.decorator.js';
import type { WebhookDefinition } from './webhook-trigger.definition.js';
import { WebhookRoutes } from './webhook.routes.js';

/** Finds `@WebhookTrigger` on the methods of all providers and controllers, at boot. What is wrong is collected. */
@Injectable()
export class WebhookTriggerExplorer {
  constructor(
    private readonly providers: ProviderExplorer,
    private readonly builder: WebhookTriggerBuilder,
    readonly registry: TriggerRegistry,
    private readonly routes: WebhookRoutes,
    readonly problems: DefinitionProblems,
  ) {}

  /** Puts every webhook trigger into the registry and gives it its route. */
  explore(): Promise<readonly WebhookDefinition[]> {
    return registerTriggers(
      this,
      declaredTriggers(this.providers.all(), WEBHOOK_TRIGGER),
      (declared) => this.builder.build(declared, this.problems),
      (definition) => this.routes.add(definition),
    );
  }
}
