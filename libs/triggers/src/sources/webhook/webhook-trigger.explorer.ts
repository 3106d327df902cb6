import { Injectable } from '@nestjs/common';
import { DefinitionProblems } from '../../discovery/definition-problems.js';
import { ProviderExplorer } from '../../discovery/provider.explorer.js';
import { TriggerRegistry } from '../../intake/trigger.registry.js';
import { declaredTriggers } from '../declared-trigger.js';
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
    private readonly registry: TriggerRegistry,
    private readonly routes: WebhookRoutes,
    private readonly problems: DefinitionProblems,
  ) {}

  /** Puts every webhook trigger into the registry and gives it its route. */
  async explore(): Promise<readonly WebhookDefinition[]> {
    const found: WebhookDefinition[] = [];
    for (const declared of declaredTriggers(this.providers.all(), WEBHOOK_TRIGGER)) {
      const definition = await this.builder.build(declared, this.problems);
      if (definition === undefined) continue;
      this.problems.attempt(() => {
        this.registry.add(definition);
        this.routes.add(definition);
        found.push(definition);
      });
    }
    return found;
  }
}
