import { scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { Inject } from '@nestjs/common';
import { NonRetryableError, Task, Workflow } from 'nestjs-triggers';
import type { TaskContext } from 'nestjs-triggers';
import { SETTINGS } from '../node/settings.js';
import type { NodeSettings } from '../node/settings.js';
import { DeliveryService } from './delivery.service.js';
import type { Report } from './delivery.service.js';
import { OrderFile, linesOf } from './order-file.js';
import type { OrderLine } from './order-file.js';
import { vectorOf } from './vector.js';

type Read = OrderFile & { readonly lines: readonly OrderLine[] };

const slowHash = promisify<string, string, number, Buffer>(scrypt);

/**
 * From an order to a report: one task reads, four work side by side on any worker that has a slot, one of them only where pool
 * `gpu` is served, and the last one delivers. Every task notes who ran it; outputs are merged, so the report tells all of it.
 */
@Workflow({ name: 'order_report', description: 'Reads an order, works it out, delivers the report', input: OrderFile })
export class OrderReport {
  readonly #me: string;

  constructor(
    @Inject(SETTINGS) { name }: NodeSettings,
    private readonly delivery: DeliveryService,
  ) {
    this.#me = name;
  }

  @Task()
  read({ data }: TaskContext<OrderFile>) {
    try {
      return { lines: linesOf(data), ranBy: { read: this.#me } };
    } catch (error) {
      throw new NonRetryableError(error instanceof Error ? error.message : String(error));
    }
  }

  @Task({ dependencies: ['read'] })
  total({ data }: TaskContext<Read>) {
    const cents = data.lines.reduce((sum, { quantity, price }) => sum + Math.round(quantity * price * 100), 0);
    return { total: cents / 100, ranBy: { total: this.#me } };
  }

  @Task({ dependencies: ['read'] })
  bestSeller({ data }: TaskContext<Read>) {
    const [best] = [...data.lines].sort((a, b) => b.quantity - a.quantity);
    return { bestSeller: best?.article ?? null, ranBy: { best_seller: this.#me } };
  }

  /** Slow by nature, as a seal should be: this is what keeps the workers busy. */
  @Task({ dependencies: ['read'] })
  async seal({ data }: TaskContext<Read>) {
    const seal = await slowHash(data.text, data.name, 32);
    return { seal: seal.toString('hex'), ranBy: { seal: this.#me } };
  }

  /** Stands for the task that calls a model, and so can only run on the machine that has one. */
  @Task({ dependencies: ['read'], pool: 'gpu' })
  embed({ data }: TaskContext<Read>) {
    return { vector: vectorOf(data.lines.map(({ article }) => article)), ranBy: { embed: this.#me } };
  }

  /**
   * It may run more than once: a process can die after the delivery and before the commit. The key is the same each time, so
   * whoever takes the report knows it again.
   */
  @Task({
    dependencies: ['total', 'bestSeller', 'seal', 'embed'],
    timeout: '30s',
    retry: { attempts: 10, delay: '500ms' },
  })
  async deliver({ data, idempotencyKey, signal }: TaskContext<Report>) {
    await this.delivery.deliver({ ...data, by: this.#me }, { idempotencyKey, signal });
    return { ranBy: { deliver: this.#me } };
  }
}
