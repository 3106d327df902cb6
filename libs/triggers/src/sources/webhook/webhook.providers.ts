import type { Provider, Type } from '@nestjs/common';
import { WebhookBodies } from './http/webhook-bodies.js';
import { createWebhookController } from './http/webhook.controller.js';
import { WebhookEndpoint } from './http/webhook.endpoint.js';
import { WebhookNotices } from './http/webhook.notices.js';
import { Refusals } from './pipe/refusals.service.js';
import { WebhookPipe } from './pipe/webhook.pipe.js';
import { WebhookTriggerBuilder } from './webhook-trigger.builder.js';
import { WebhookTriggerExplorer } from './webhook-trigger.explorer.js';
import { WebhookReplays } from './webhook.replays.js';
import { WebhookRoutes } from './webhook.routes.js';
import { WebhookSource } from './webhook.source.js';
import { GIVEN_WEBHOOKS, WEBHOOKS_OPTIONS, webhooksPrefix } from './webhooks-module.options.js';
import type { GivenWebhooks, WebhooksOptions } from './webhooks-module.options.js';

/** What knows the webhook triggers of this process, whether it serves them or not. */
export const WEBHOOK_PROVIDERS: readonly Provider[] = [
  WebhookRoutes,
  WebhookReplays,
  WebhookSource,
  WebhookTriggerBuilder,
  WebhookTriggerExplorer,
];

/**
 * What the module needs besides, and the controllers that it lists. Served or not, the notices know it.
 *
 * @param serves whether this process has the role `api`
 * @throws TRG_DEF_INVALID_OPTION for a prefix that cannot be one
 */
export function webhookParts(
  webhooks: WebhooksOptions | false,
  serves: boolean,
): { readonly controllers: Type<object>[]; readonly providers: Provider[] } {
  const isMounted = webhooks !== false && serves;
  const decorators = webhooks === false ? 0 : (webhooks.decorators?.length ?? 0);
  const given: GivenWebhooks = { isOff: webhooks === false, isMounted, decorators };
  const notices = [{ provide: GIVEN_WEBHOOKS, useValue: given }, WebhookNotices];
  if (!isMounted) return { controllers: [], providers: notices };
  return {
    controllers: [createWebhookController(webhooks)],
    providers: [
      ...notices,
      { provide: WEBHOOKS_OPTIONS, useValue: { prefix: webhooksPrefix(webhooks) } },
      Refusals,
      WebhookBodies,
      WebhookEndpoint,
      WebhookPipe,
    ],
  };
}
