import { Body, Controller, Post } from '@nestjs/common';
import { OrderDto, PaymentDto } from './order.dto.js';
import type { Order } from './order.entity.js';
import { OrdersService } from './orders.service.js';
import type { Payment } from './payment.entity.js';
import { PaymentsService } from './payments.service.js';

@Controller()
export class OrdersController {
  constructor(
    private readonly orders: OrdersService,
    private readonly payments: PaymentsService,
  ) {}

  @Post('orders')
  place(@Body() order: OrderDto): Promise<Order> {
    return this.orders.place(order);
  }

  @Post('payments')
  pay(@Body() payment: PaymentDto): Promise<Payment> {
    return this.payments.take(payment);
  }
}
