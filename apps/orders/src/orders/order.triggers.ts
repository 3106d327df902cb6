import { Injectable } from '@nestjs/common';
import { EntityTrigger, ManualTrigger } from 'nestjs-triggers';
import type { EntityChange } from 'nestjs-triggers';
import { Fulfilment } from './fulfilment.workflow.js';
import { Order } from './order.entity.js';
import { PaymentReceived, Receipt } from './receipt.workflow.js';

@Injectable()
export class OrderTriggers {
  /** An order that was committed. One that was taken back has never been there. */
  @EntityTrigger({ workflow: Fulfilment, name: 'order_placed', entity: Order, on: ['insert'] })
  orderPlaced({ after }: EntityChange<Order, 'insert'>) {
    return { orderId: after.id };
  }

  /** Fired by `PaymentsService`; an operator may fire it, too, for a receipt that got lost. */
  @ManualTrigger({ workflow: Receipt, name: 'payment_received', input: PaymentReceived })
  paymentReceived(): void {}
}
