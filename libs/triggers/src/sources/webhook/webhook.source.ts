import { Injectable } from '@nestjs/common';
import type { Source } from '../source.js';
import type { WebhookDefinition } from './webhook-trigger.definition.js';
import { WebhookTriggerExplorer } from './webhook-trigger.explorer.js';

/**
 * Webhook triggers as a source. There is nothing to start or to stop: what arrives is answered for as long as HTTP is open,
 * also while the process stops.
 */
@Injectable()
export class WebhookSource implements Source {
  constructor(private readonly explorer: WebhookTriggerExplorer) {}

  discover(): Promise<readonly WebhookDefinition[]> {
    return this.explorer.explore();
  }
}
