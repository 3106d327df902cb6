import { Injectable } from '@nestjs/common';
import type { RawBody } from '../../../http/raw-body.js';
import type { HttpRequest } from '../../../http/request.js';
import { refusal, unavailable } from '../pipe/answers.js';
import { WebhookPipe } from '../pipe/webhook.pipe.js';
import type { WebhookAnswer } from '../verify/verifier.js';
import type { WebhookDefinition } from '../webhook-trigger.definition.js';
import { deliveryOf } from './delivery.js';
import { WebhookBodies } from './webhook-bodies.js';

/** From a request to its answer: what arrived is handed to the pipe, what did not arrive whole is refused. */
@Injectable()
export class WebhookEndpoint {
  constructor(
    private readonly bodies: WebhookBodies,
    private readonly pipe: WebhookPipe,
  ) {}

  /** The answer, or the error that is answered. */
  async answer(request: HttpRequest): Promise<WebhookAnswer | Error> {
    const arrival = this.bodies.arrivalOf(request);
    switch (arrival.kind) {
      case 'unknown':
        return refusal('TRG_WEBHOOK_NOT_FOUND', 'No webhook listens at this path. Look for a typing error.');
      case 'busy':
        return unavailable('Too many deliveries arrive at once.');
      case 'read': {
        const { route, body, receivedAt, slot } = arrival;
        if (body.kind !== 'bytes') return incomplete(body.kind, route.trigger);
        const delivery = deliveryOf(request, { body: body.bytes, params: route.params, receivedAt });
        const answer = this.pipe.receive(route.trigger, delivery);
        slot.keepUntil(answer);
        return answer;
      }
    }
  }
}

function incomplete(kind: Exclude<RawBody['kind'], 'bytes'>, { name, maxBytes }: WebhookDefinition): Error {
  switch (kind) {
    case 'tooLarge':
      return refusal('TRG_WEBHOOK_TOO_LARGE', `The body is larger than ${maxBytes} bytes.`);
    case 'tooSlow':
      return refusal('TRG_WEBHOOK_TOO_SLOW', 'The body took too long to arrive.');
    case 'aborted':
      return refusal('TRG_WEBHOOK_PAYLOAD', 'The body did not arrive whole.');
    case 'consumed':
      return refusal(
        'TRG_BUG_UNEXPECTED',
        `Trigger "${name}": somebody has read the body of this request before us. Do not read bodies before Nest starts.`,
      );
  }
}
