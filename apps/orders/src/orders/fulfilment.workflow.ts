import { InjectRepository } from '@nestjs/typeorm';
import { Task, Workflow } from 'nestjs-triggers';
import type { TaskContext } from 'nestjs-triggers';
import { Repository } from 'typeorm';
import { MailService } from '../mail/mail.service.js';
import { Order } from './order.entity.js';

interface Placed {
  readonly orderId: number;
}

/** Has an order packed. */
@Workflow({ name: 'fulfilment', description: 'look up → pack' })
export class Fulfilment {
  constructor(
    @InjectRepository(Order) private readonly orders: Repository<Order>,
    private readonly mail: MailService,
  ) {}

  @Task()
  async lookUp({ data }: TaskContext<Placed>) {
    const where = { id: data.orderId };
    const order = await this.orders.findOneOrFail({ where, relations: { customer: true }, withDeleted: true });
    return { article: order.article, customer: order.customer.name };
  }

  @Task({ dependencies: ['lookUp'], timeout: '30s' })
  async pack(context: TaskContext<Placed & { readonly article: string; readonly customer: string }>) {
    const { orderId, article, customer } = context.data;
    const text = `Order ${orderId}: ${article} for ${customer}`;
    await this.mail.send({ to: 'warehouse@shop.example', about: 'packing list', text }, context);
  }
}
