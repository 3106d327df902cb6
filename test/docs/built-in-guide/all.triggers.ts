// The code of docs/guides/built-in-triggers.md about each trigger; built-in-guide.spec.ts runs it.
import {
  Task,
  Workflow,
  directoryTrigger,
  healthTrigger,
  httpTrigger,
  queueDepthTrigger,
  tableTrigger,
} from 'nestjs-triggers';
import type { TaskContext } from 'nestjs-triggers';
import { Column, DataSource, Entity, PrimaryGeneratedColumn, UpdateDateColumn } from 'typeorm';

// #region directory
export const reports = directoryTrigger({
  name: 'reports',
  workflow: 'read_report',
  path: './reports',
  recursive: true,
  pattern: '*.{csv,xml}',
  settle: '5s',
  pollInterval: '10s',
});
// #endregion

// #region http
export const releases = httpTrigger({
  name: 'releases',
  workflow: 'announce',
  url: 'https://api.example.com/releases?limit=50',
  headers: () => ({ authorization: `Bearer ${process.env['RELEASES_TOKEN']}` }),
  items: '/data/releases',
  key: '/id',
  pollInterval: '5m',
});

export const sale = httpTrigger({
  name: 'sale',
  workflow: 'announce_sale',
  url: 'https://api.example.com/shop',
  items: (body) => ((body as { sale?: boolean }).sale === true ? [{ sale: 'has begun' }] : []),
  key: () => new Date().toISOString().slice(0, 10),
});
// #endregion

// #region table
@Entity()
export class Order {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column()
  total!: number;

  @UpdateDateColumn()
  updatedAt!: Date;
}

export const orders = {
  provide: 'orders',
  inject: [DataSource],
  useFactory: (dataSource: DataSource) =>
    tableTrigger({
      name: 'orders',
      workflow: 'check_order',
      dataSource,
      table: Order,
      column: 'updatedAt',
      context: (row) => ({ orderId: Number(row['id']) }),
    }),
};
// #endregion

// #region queue
export abstract class MailQueue {
  abstract getWaitingCount(): Promise<number>;
}

export const mailQueue = {
  provide: 'mail_queue',
  inject: [MailQueue],
  useFactory: (queue: MailQueue) =>
    queueDepthTrigger({
      name: 'mail_queue',
      workflow: 'add_workers',
      depth: () => queue.getWaitingCount(),
      above: 1_000,
      below: 100,
      pollInterval: '15s',
    }),
};
// #endregion

// #region health
@Workflow({ name: 'call_somebody' })
export class CallSomebody {
  @Task()
  call({ data }: TaskContext<{ text: string }>) {
    return { said: data.text };
  }
}

export const shopHealth = healthTrigger({
  name: 'shop_health',
  workflow: CallSomebody,
  url: 'https://shop.example.com/health',
  failures: 3,
  pollInterval: '10s',
  context: (change) => ({
    text: change.state === 'down' ? `The shop is down: ${change.error}` : `Up again after ${change.downForMs} ms`,
  }),
});
// #endregion
