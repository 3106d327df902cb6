// The recipe for RabbitMQ of docs/guides/message-triggers.md, run by test/docs/message-guide.spec.ts.
/* eslint-disable no-restricted-imports -- a consumer waits, as a program of a reader may; no test sleeps here */
import { setTimeout as wait } from 'node:timers/promises';
import { Controller, Injectable } from '@nestjs/common';
import { Ctx, EventPattern, Payload, RmqContext } from '@nestjs/microservices';
import { ManualTrigger, TriggersService, isTriggersError } from 'nestjs-triggers';
import { z } from 'zod';
import { Ship } from './orders.js';

// #region rabbit
@Injectable()
export class PaidOrders {
  @ManualTrigger({
    workflow: Ship,
    name: 'paid_order',
    input: z.object({ order: z.string() }),
    dedup: { for: '7d' },
  })
  paidOrder(): void {}
}

@Controller()
export class RabbitOrders {
  constructor(private readonly triggers: TriggersService) {}

  @EventPattern<string>('order.paid')
  async paid(@Payload() order: { order: string }, @Ctx() context: RmqContext) {
    const channel = context.getChannelRef() as { ack(message: unknown): void; nack(...args: unknown[]): void };
    const message = context.getMessage() as { properties: { messageId?: string } };
    try {
      await this.triggers.fire('paid_order', order, { dedupKey: message.properties.messageId });
      channel.ack(message);
    } catch (error) {
      // What the input refuses goes to the dead letter exchange of the queue. Anything else is not its fault: again, a little later.
      const isItsFault = isTriggersError(error) && error.family === 'context';
      if (!isItsFault) await wait(1_000);
      channel.nack(message, false, !isItsFault);
    }
  }
}
// #endregion
