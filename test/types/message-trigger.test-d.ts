import { z } from 'zod';
import { TriggerResult } from '../../libs/triggers/src/model/trigger-result.js';
import type { Message } from '../../libs/triggers/src/sources/message/message.js';
import { MessageTrigger } from '../../libs/triggers/src/sources/message/message-trigger.decorator.js';
import { bullMqQueue } from '../../libs/triggers/src/sources/message/bullmq/bullmq-queue.js';
import type { TaskContext } from '../../libs/triggers/src/workflows/task-context.js';

class Order {
  id!: number;
  at!: Date;
  tags!: string[];
}

class Orders {
  book(_context: TaskContext<{ id: number }>): void {}
}

const from = bullMqQueue({ queue: 'orders', connection: {} });
const base = { workflow: Orders, from } as const;
const schema = z.object({ id: z.number() });

export class Accepted {
  @MessageTrigger(base)
  mapped({ body }: Message<{ number: number }>) {
    return { id: body.number };
  }

  @MessageTrigger({ ...base, filter: (context) => context.id > 0 })
  async results({ body }: Message<{ numbers: number[] }>) {
    if (body.numbers.length === 0) return TriggerResult.skip('nothing');
    if (body.numbers.length === 1) return { id: 1 };
    return TriggerResult.fireMany(body.numbers.map((id) => ({ context: { id }, dedupKey: String(id) })));
  }

  @MessageTrigger({ ...base, schema, dedup: { for: '1h' }, prefetch: 7 })
  asItCame(): void {}

  @MessageTrigger({ ...base, schema: Order })
  jsonOfClass({ body }: Message<{ readonly at: string; readonly tags: readonly string[] }>) {
    return { id: body.at.length + body.tags.length };
  }

  @MessageTrigger({ ...base, schema: Order })
  class({ body }: Message<Order>) {
    return { id: body.id };
  }

  @MessageTrigger(base)
  unknownPayload(): void {}

  @MessageTrigger({ ...base, workflow: 'by_name', name: 'a' })
  @MessageTrigger({ ...base, workflow: ['by_name', Orders], name: 'b', from: async () => from })
  several(_event?: Message) {
    return { id: 1, more: true };
  }
}

export class Refused {
  // @ts-expect-error -- the workflow takes a number
  @MessageTrigger(base)
  wrongContext() {
    return { id: 'one' };
  }

  // @ts-expect-error -- one of the two ways returns the wrong context
  @MessageTrigger(base)
  sometimesWrong({ body }: Message<{ n: number }>) {
    return body.n > 1 ? { id: 1 } : TriggerResult.fire({ number: 1 });
  }

  // @ts-expect-error -- a context is an object
  @MessageTrigger(base)
  text() {
    return 'fired';
  }

  // @ts-expect-error -- the payload is fired as it is, and has no id
  @MessageTrigger({ ...base, schema: z.object({ number: z.number() }) })
  payloadDoesNotFit(): void {}

  // @ts-expect-error -- the schema says otherwise
  @MessageTrigger({ ...base, schema })
  otherPayload({ body }: Message<{ number: number }>) {
    return { id: body.number };
  }

  // @ts-expect-error -- a method takes a message, not a body
  @MessageTrigger(base)
  bodyOnly(body: { number: number }) {
    return { id: body.number };
  }

  // @ts-expect-error -- and nothing else
  @MessageTrigger(base)
  twoParameters(_event: Message, _more: string) {
    return { id: 1 };
  }

  // @ts-expect-error -- an instance has the method
  @MessageTrigger(base)
  static notHere() {
    return { id: 1 };
  }

  // @ts-expect-error -- messages come from somewhere
  @MessageTrigger({ workflow: 'by_name' })
  fromNowhere() {
    return {};
  }

  // @ts-expect-error -- a queue is read through an adapter
  @MessageTrigger({ workflow: 'by_name', from: 'orders' })
  fromName() {
    return {};
  }
}
