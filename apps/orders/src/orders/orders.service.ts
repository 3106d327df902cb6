import { ConflictException, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { OrderDto } from './order.dto.js';
import { Order } from './order.entity.js';

/** What a customer may owe. */
const CREDIT_CENTS = 100_000;

@Injectable()
export class OrdersService {
  constructor(private readonly dataSource: DataSource) {}

  /** @throws ConflictException beyond the credit of the customer: nothing was ordered then */
  place({ customerId, article, totalCents }: OrderDto): Promise<Order> {
    return this.dataSource.transaction(async (manager) => {
      const order = await manager.save(Order, { customer: { id: customerId }, article, totalCents });
      const owed = (await manager.sum(Order, 'totalCents', { customer: { id: customerId }, isPaid: false })) ?? 0;
      if (owed > CREDIT_CENTS) throw new ConflictException(`Customer ${customerId} would owe ${owed / 100} €`);
      return order;
    });
  }
}
