// The recipe for NATS of docs/guides/message-triggers.md, run by test/docs/message-guide.spec.ts.
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { TriggersService } from 'nestjs-triggers';

// #region nats
@Controller()
export class NatsOrders {
  constructor(private readonly triggers: TriggersService) {}

  @EventPattern('order.paid')
  async paid(@Payload() order: { order: string }) {
    await this.triggers.fire('paid_order', order, { dedupKey: order.order });
  }
}
// #endregion
