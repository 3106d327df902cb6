// The recipe for RabbitMQ of docs/guides/message-triggers.md, run by test/docs/message-guide.spec.ts.
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
      // Our database is away: again. Anything else: to the dead letter exchange of the queue.
      channel.nack(message, false, isTriggersError(error, 'TRG_STORE_UNAVAILABLE'));
    }
  }
}
// #endregion
