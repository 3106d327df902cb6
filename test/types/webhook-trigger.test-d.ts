import { z } from 'zod';
import { TriggerResult } from '../../libs/triggers/src/model/trigger-result.js';
import { unsigned } from '../../libs/triggers/src/sources/webhook/verify/unsigned.verifier.js';
import type { WebhookEvent } from '../../libs/triggers/src/sources/webhook/webhook-event.js';
import { WebhookTrigger } from '../../libs/triggers/src/sources/webhook/webhook-trigger.decorator.js';
import type { TaskContext } from '../../libs/triggers/src/workflows/task-context.js';

class Order {
  id!: number;
  at!: Date;
  tags!: string[];
}

class Orders {
  book(_context: TaskContext<{ id: number }>): void {}
}

const verify = unsigned();
const base = { workflow: Orders, path: 'orders', verify } as const;
const schema = z.object({ id: z.number() });

export class Accepted {
  @WebhookTrigger(base)
  mapped({ payload }: WebhookEvent<{ number: number }>) {
    return { id: payload.number };
  }

  @WebhookTrigger({ ...base, filter: (context) => context.id > 0 })
  async results({ payload }: WebhookEvent<{ numbers: number[] }>) {
    if (payload.numbers.length === 0) return TriggerResult.skip('nothing');
    if (payload.numbers.length === 1) return { id: 1 };
    return TriggerResult.fireMany(payload.numbers.map((id) => ({ context: { id }, dedupKey: String(id) })));
  }

  @WebhookTrigger({ ...base, schema, dedupKey: (payload, { headers }) => headers['x-id'] ?? String(payload.id) })
  asItCame(): void {}

  @WebhookTrigger({ ...base, schema: Order })
  jsonOfClass({ payload }: WebhookEvent<{ readonly at: string; readonly tags: readonly string[] }>) {
    return { id: payload.at.length + payload.tags.length };
  }

  @WebhookTrigger({ ...base, schema: Order })
  class({ payload }: WebhookEvent<Order>) {
    return { id: payload.id };
  }

  @WebhookTrigger(base)
  unknownPayload(): void {}

  @WebhookTrigger({ ...base, workflow: 'by_name', name: 'a' })
  @WebhookTrigger({ ...base, workflow: ['by_name', Orders], name: 'b', path: async () => 'b' })
  several(_event?: WebhookEvent) {
    return { id: 1, more: true };
  }
}

export class Refused {
  // @ts-expect-error -- the workflow takes a number
  @WebhookTrigger(base)
  wrongContext() {
    return { id: 'one' };
  }

  // @ts-expect-error -- one of the two ways returns the wrong context
  @WebhookTrigger(base)
  sometimesWrong({ payload }: WebhookEvent<{ n: number }>) {
    return payload.n > 1 ? { id: 1 } : TriggerResult.fire({ number: 1 });
  }

  // @ts-expect-error -- a context is an object
  @WebhookTrigger(base)
  text() {
    return 'fired';
  }

  // @ts-expect-error -- the payload is fired as it is, and has no id
  @WebhookTrigger({ ...base, schema: z.object({ number: z.number() }) })
  payloadDoesNotFit(): void {}

  // @ts-expect-error -- the schema says otherwise
  @WebhookTrigger({ ...base, schema })
  otherPayload({ payload }: WebhookEvent<{ number: number }>) {
    return { id: payload.number };
  }

  // @ts-expect-error -- a method takes an event, not a payload
  @WebhookTrigger(base)
  payloadOnly(payload: { number: number }) {
    return { id: payload.number };
  }

  // @ts-expect-error -- and nothing else
  @WebhookTrigger(base)
  twoParameters(_event: WebhookEvent, _more: string) {
    return { id: 1 };
  }

  // @ts-expect-error -- an instance has the method
  @WebhookTrigger(base)
  static notHere() {
    return { id: 1 };
  }

  // @ts-expect-error -- there is no default for verify
  @WebhookTrigger({ workflow: 'by_name', path: 'x' })
  nobodyVerifies() {
    return {};
  }

  // @ts-expect-error -- the key is a text
  @WebhookTrigger({ ...base, schema, dedupKey: ({ id }) => id })
  numberAsKey() {
    return { id: 1 };
  }
}
