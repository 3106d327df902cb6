import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Fulfilment } from './fulfilment.workflow.js';
import { Order } from './order.entity.js';
import { OrderTriggers } from './order.triggers.js';
import { OrdersController } from './orders.controller.js';
import { OrdersService } from './orders.service.js';
import { Payment } from './payment.entity.js';
import { PaymentsService } from './payments.service.js';
import { Receipt } from './receipt.workflow.js';

@Module({
  imports: [TypeOrmModule.forFeature([Order, Payment])],
  controllers: [OrdersController],
  providers: [OrdersService, PaymentsService, OrderTriggers, Fulfilment, Receipt],
})
export class OrdersModule {}
