import { EntityTrigger } from 'nestjs-triggers';
import type { DatabaseOptions, EntityChange } from 'nestjs-triggers';
import { DataSource, EntitySchema } from 'typeorm';
import { OneTask } from '../harness/one-task.workflow.js';

/** What an application writes, about 300 bytes. */
export class Order {
  id!: number;
  customer!: string;
  cents!: number;
  paid!: boolean;
  note!: string;
  createdAt!: Date;
}

/** The same, and nobody watches it. */
export class PlainOrder extends Order {}

const COLUMNS = {
  id: { type: Number, primary: true, generated: true },
  customer: { type: String },
  cents: { type: Number },
  paid: { type: Boolean, default: false },
  note: { type: String },
  createdAt: { type: Date, createDate: true },
} as const;

const entity = (target: typeof Order): EntitySchema<Order> =>
  new EntitySchema<Order>({ name: target.name, target, columns: COLUMNS });

/** Fires for every new order. */
export class OrderTriggers {
  @EntityTrigger({ workflow: OneTask, entity: Order, on: ['insert'] })
  ordered({ after }: EntityChange<Order, 'insert'>) {
    return { order: after.id };
  }
}

const NOTE = 'Please leave it with the neighbours if nobody is at home. Thank you very much, and greetings. '.repeat(2);

/** One order. */
export function orderOf(at: number): Omit<Order, 'id' | 'createdAt'> {
  return { customer: `customer-${at % 1_000}`, cents: 12_990, paid: at % 2 === 0, note: NOTE };
}

/** The database of the application: both tables, at its default durability. */
export function openOrders(database: DatabaseOptions): Promise<DataSource> {
  const entities = [entity(Order), entity(PlainOrder)];
  if (database.type === 'postgres')
    return new DataSource({ type: 'postgres', url: database.url, entities, synchronize: true }).initialize();
  const path = database.path ?? './application.db';
  return new DataSource({
    type: 'better-sqlite3',
    database: path,
    enableWAL: true,
    entities,
    synchronize: true,
  }).initialize();
}
