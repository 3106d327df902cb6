import { ConflictException, Injectable } from '@nestjs/common';
import { TriggersService } from 'nestjs-triggers';
import { DataSource } from 'typeorm';
import type { PaymentDto } from './order.dto.js';
import { Order } from './order.entity.js';
import { Payment } from './payment.entity.js';

@Injectable()
export class PaymentsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly triggers: TriggersService,
  ) {}

  /**
   * Books a payment and says so, in one transaction: whoever is told of it finds it in the books, and nobody is told of one that
   * is not there.
   *
   * @throws ConflictException when it is more than the order costs
   */
  take({ orderId, cents }: PaymentDto): Promise<Payment> {
    return this.dataSource.transaction(async (manager) => {
      const order = await manager.findOneByOrFail(Order, { id: orderId });
      const payment = await manager.save(Payment, { order: { id: orderId }, cents });
      await this.triggers.fire('payment_received', { paymentId: payment.id }, { manager });
      const paid = (await manager.sum(Payment, 'cents', { order: { id: orderId } })) ?? 0;
      if (paid > order.totalCents) throw new ConflictException(`Order ${orderId} costs ${order.totalCents / 100} €`);
      if (paid === order.totalCents) await manager.update(Order, orderId, { isPaid: true });
      return payment;
    });
  }
}
