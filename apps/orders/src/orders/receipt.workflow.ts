import { InjectRepository } from '@nestjs/typeorm';
import { IsInt } from 'class-validator';
import { Task, Workflow } from 'nestjs-triggers';
import type { TaskContext } from 'nestjs-triggers';
import { Repository } from 'typeorm';
import { MailService } from '../mail/mail.service.js';
import { Payment } from './payment.entity.js';

/** A payment that stands in the books. */
export class PaymentReceived {
  @IsInt()
  readonly paymentId!: number;
}

/** Says thank you for the money. */
@Workflow({ name: 'receipt', input: PaymentReceived })
export class Receipt {
  constructor(
    @InjectRepository(Payment) private readonly payments: Repository<Payment>,
    private readonly mail: MailService,
  ) {}

  @Task({ timeout: '30s' })
  async write(context: TaskContext<PaymentReceived>) {
    const where = { id: context.data.paymentId };
    const relations = { order: { customer: true } };
    const { cents, order } = await this.payments.findOneOrFail({ where, relations, withDeleted: true });
    const text = `Dear ${order.customer.name}, we got ${cents / 100} € for order ${order.id}.`;
    await this.mail.send({ to: order.customer.email, about: 'receipt', text }, context);
  }
}
