import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import { formatDuration } from '../../../model/duration.js';
import { HASH_KEY_MS } from '../pipe/delivery-key.js';
import { WebhookRoutes } from '../webhook.routes.js';
import type { WebhookDefinition } from '../webhook-trigger.definition.js';
import { GIVEN_WEBHOOKS } from '../webhooks-module.options.js';
import type { GivenWebhooks } from '../webhooks-module.options.js';

/** Tells at the start what an author may have overlooked. */
@Injectable()
export class WebhookNotices implements OnApplicationBootstrap {
  readonly #logger = new Logger('Triggers');

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly config: ApplicationConfig,
    private readonly routes: WebhookRoutes,
    @Inject(GIVEN_WEBHOOKS) private readonly given: GivenWebhooks,
  ) {}

  onApplicationBootstrap(): void {
    const triggers = this.routes.all();
    if (triggers.length === 0) return;
    const unheard = this.#whyUnheard();
    if (unheard !== null)
      return this.#logger.warn(`Nobody hears the webhook triggers of this application: ${unheard}.`);
    if (!this.given.isMounted) return;
    if (this.#hasGlobalGuard() && this.given.decorators === 0) this.#logger.warn(GUARDED);
    for (const trigger of triggers) this.#tellOf(trigger);
  }

  #tellOf({ name, verifier, dedupKey, dedupGiven }: WebhookDefinition): void {
    if (verifier.covers === 'nothing')
      this.#logger.warn(`Trigger "${name}": verify: unsigned() lets everybody in who knows the path.`);
    if (verifier.keyOf !== undefined || verifier.resendsSameBytes || dedupKey !== null || dedupGiven !== null) return;
    this.#logger.log(
      `Trigger "${name}": its senders sign no id, so equal bodies are one event for ${formatDuration(HASH_KEY_MS)}. ` +
        'Say with "dedupKey" what makes two deliveries the same.',
    );
  }

  /** `null`: they are heard, or another process does that. */
  #whyUnheard(): string | null {
    if (this.given.isOff) return 'webhooks is false';
    if (!this.given.isMounted) return null;
    const type = (this.host.httpAdapter as typeof this.host.httpAdapter | undefined)?.getType() ?? 'none';
    return ['express', 'fastify'].includes(type)
      ? null
      : `there is no HTTP server of Express or Fastify (found: ${type})`;
  }

  #hasGlobalGuard(): boolean {
    return this.config.getGlobalGuards().length + this.config.getGlobalRequestGuards().length > 0;
  }
}

const GUARDED =
  'This application has a global guard, which stands before its webhooks too: vendors cannot log in. Let them pass it with ' +
  'webhooks: { decorators: [Public()] }, or whatever your guard looks for.';
