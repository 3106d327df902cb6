import { All, Controller, UseFilters, UseGuards, VERSION_NEUTRAL } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { MAX_PATH_SEGMENTS } from '../webhook-path.js';
import { webhooksPrefix } from '../webhooks-module.options.js';
import type { WebhooksOptions } from '../webhooks-module.options.js';
import { WebhookFilter } from './webhook.filter.js';
import { WebhookGate } from './webhook.gate.js';

/** Paths of any length that a trigger may have. Express and Fastify have no wildcard that both understand. */
const PATHS = Array.from({ length: MAX_PATH_SEGMENTS + 1 }, (_, length) =>
  Array.from({ length }, (_segment, index) => `:p${index}`).join('/'),
);

/**
 * The controller of all webhooks, made for one module: its prefix and decorators are options. Which trigger a path leads to is
 * decided behind it, so that all of them are behind the same guards.
 *
 * @throws TRG_DEF_INVALID_OPTION for a prefix that cannot be one
 */
export function createWebhookController(options: WebhooksOptions): Type<object> {
  class WebhookController {
    /** Never called: the gate answers. */
    receive(): void {}
  }
  const { prototype } = WebhookController;
  All(PATHS)(prototype, 'receive', Object.getOwnPropertyDescriptor(prototype, 'receive') as PropertyDescriptor);
  // No version of the application's API stands in front of the path.
  Controller({ path: webhooksPrefix(options), version: VERSION_NEUTRAL })(WebhookController);
  for (const decorate of options.decorators ?? []) decorate(WebhookController);
  // Guards run in the order in which they were given, and nothing goes beyond the gate; of filters the last one is asked first.
  UseGuards(WebhookGate)(WebhookController);
  UseFilters(WebhookFilter)(WebhookController);
  return WebhookController;
}
