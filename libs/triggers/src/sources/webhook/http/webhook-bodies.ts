import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { RawBodies } from '../../../http/raw-bodies.service.js';
import type { BodyOwner } from '../../../http/raw-bodies.service.js';
import { readRawBody } from '../../../http/raw-body.js';
import type { RawBody } from '../../../http/raw-body.js';
import { pathBelow, rawOf } from '../../../http/request.js';
import type { HttpRequest } from '../../../http/request.js';
import { Clock } from '../../../model/clock.js';
import { WebhookRoutes } from '../webhook.routes.js';
import type { WebhookRoute } from '../webhook.routes.js';
import { WEBHOOKS_OPTIONS } from '../webhooks-module.options.js';
import type { ResolvedWebhooksOptions } from '../webhooks-module.options.js';
import { BodySlots } from './body-slots.js';
import type { BodySlot } from './body-slots.js';

/** A request to a webhook, read as far as it was worth it. */
export type Arrival =
  | { readonly kind: 'unknown' | 'busy' }
  | {
      readonly kind: 'read';
      readonly route: WebhookRoute;
      readonly body: RawBody;
      readonly receivedAt: Date;
      readonly slot: BodySlot;
    };

/** Reads the bytes of deliveries ahead of the application's parsers. Paths that no trigger has may be routes of the application. */
@Injectable()
export class WebhookBodies implements BodyOwner {
  readonly #arrivals = new WeakMap<IncomingMessage, Arrival>();
  readonly #slots: BodySlots;

  constructor(
    bodies: RawBodies,
    private readonly config: ApplicationConfig,
    private readonly routes: WebhookRoutes,
    private readonly clock: Clock,
    @Inject(WEBHOOKS_OPTIONS) private readonly options: ResolvedWebhooksOptions,
  ) {
    this.#slots = new BodySlots(clock);
    bodies.register(this);
  }

  take(request: HttpRequest, raw: IncomingMessage, response: ServerResponse): Promise<void> | undefined {
    const route = this.#routeOf(request);
    if (route === undefined) return undefined;
    return this.#arrival(route, raw, response).then((arrival) => void this.#arrivals.set(raw, arrival));
  }

  /** What has arrived with a request; kept beside it, so that nothing of the application can change it. */
  arrivalOf(request: HttpRequest): Arrival {
    return this.#arrivals.get(rawOf(request)) ?? { kind: 'unknown' };
  }

  /** For logs: the path as its trigger declares it. What stands for a parameter may be a secret, and so may a path with a typing error. */
  templateOf(request: HttpRequest): string {
    return `/${this.options.prefix}/${this.#routeOf(request)?.trigger.path.text ?? '…'}`;
  }

  async #arrival(route: WebhookRoute, raw: IncomingMessage, response: ServerResponse): Promise<Arrival> {
    const slot = await this.#slots.take();
    if (slot === null) {
      raw.resume();
      return { kind: 'busy' };
    }
    // Held until the answer is out or the sender is gone, whoever answers: a guard of the application may. Then, too, it is
    // held for as long as the endpoint works on the body.
    response.once('close', slot.release);
    if (response.destroyed || raw.destroyed) slot.release();
    const { maxBytes } = route.trigger;
    const body = await readRawBody(raw, { maxBytes, clock: this.clock, onReading: slot.uploading });
    slot.uploaded();
    return { kind: 'read', route, body, slot, receivedAt: new Date(this.clock.now()) };
  }

  #routeOf(request: HttpRequest): WebhookRoute | undefined {
    const path = pathBelow(request, this.config.getGlobalPrefix(), this.options.prefix);
    return path === null ? undefined : this.routes.find(path);
  }
}
