import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { HttpRequest } from '../../../http/request.js';
import type { WebhookAnswer } from '../verify/verifier.js';
import { WebhookEndpoint } from './webhook.endpoint.js';

/** Thrown by the gate, written by the filter: an answer. No `Error`, which would gather a stack for every delivery. */
export class WebhookAnswered {
  constructor(readonly answer: WebhookAnswer) {}
}

/**
 * Answers webhooks, as the last guard: after the guards of the application, and before its interceptors and pipes, which
 * would wrap, delay or refuse what vendors expect to the byte. Nothing goes beyond this guard; the filter of the controller
 * writes what it throws.
 */
@Injectable()
export class WebhookGate implements CanActivate {
  constructor(private readonly endpoint: WebhookEndpoint) {}

  async canActivate(context: ExecutionContext): Promise<never> {
    const reply = await this.endpoint.answer(context.switchToHttp().getRequest<HttpRequest>());
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- the way past Nest's handler, not a failure
    throw reply instanceof Error ? reply : new WebhookAnswered(reply);
  }
}
