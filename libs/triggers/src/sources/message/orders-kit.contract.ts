import { Injectable } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { EngineKit } from '../../engine/engine.contract.js';
import type { TestNode } from '../../engine/engine.contract.js';
import { StoreKit, rowsOf } from '../../store/contract/kit.contract.js';
import type { Database } from '../../store/contract/kit.contract.js';
import { TransactionFailure } from '../../store/dialects/dialect.js';
import { Task } from '../../workflows/task.decorator.js';
import type { TaskContext } from '../../workflows/task-context.js';
import { Workflow } from '../../workflows/workflow.decorator.js';
import type { Message } from './message.js';
import type { MessageTriggerOptions } from './message.options.js';
import { MessageTrigger } from './message-trigger.decorator.js';
import { TestSource } from './test-source.contract.js';

/** A day, in milliseconds. */
export const DAY_MS = 86_400_000;

/** A trigger `orders` that reads a queue in memory, the workflow `ship` that it starts, and what became of its messages. */
export class OrdersKit {
  source = new TestSource();
  /** What the method does. */
  map: (message: Message) => unknown = () => undefined;
  /** What the method was told. */
  readonly mapped: Message[] = [];
  /** What the tasks were given. */
  readonly shipped: unknown[] = [];
  kit!: EngineKit;

  /** Everything is as at the beginning, on a new database. */
  async begin(database: Database): Promise<void> {
    this.source = new TestSource();
    this.map = () => undefined;
    this.mapped.length = 0;
    this.shipped.length = 0;
    this.kit = new EngineKit(await StoreKit.create(database));
  }

  boot(options: Partial<MessageTriggerOptions> = {}): Promise<TestNode> {
    return this.kit.boot([this.workflow(), this.trigger(options)]);
  }

  settle(): Promise<void> {
    return this.kit.clock.settle();
  }

  async firings(node: TestNode): Promise<{ state: unknown; reason: unknown; key: unknown }[]> {
    return (await node.rows('firing')).map(({ state, reason, dedup_label: key }) => ({ state, reason, key }));
  }

  /** The messages that have failed, and how often. */
  async counts(node: TestNode): Promise<unknown[][]> {
    return (await rowsOf(node.store, 'delivery', 'message')).map((row) => [row['message'], row['failures']]);
  }

  /** The class of the workflow. */
  workflow(): Type {
    const { shipped } = this;
    @Workflow({ name: 'ship' })
    class Ship {
      @Task()
      only({ data }: TaskContext) {
        shipped.push(data);
      }
    }
    return Ship;
  }

  /** The class of the trigger. */
  trigger(options: Partial<MessageTriggerOptions> = {}): Type {
    const mapping = (message: Message): Promise<object> => {
      this.mapped.push(message);
      return this.map(message) as Promise<object>;
    };
    @Injectable()
    class Orders {
      @MessageTrigger({ workflow: 'ship', name: 'orders', from: this.source, ...options })
      take(message: Message): Promise<object> {
        return mapping(message);
      }
    }
    return Orders;
  }
}

/** A kit for each test. */
export function useOrders(database: Database): OrdersKit {
  const orders = new OrdersKit();
  beforeEach(() => orders.begin(database));
  afterEach(() => orders.kit.close());
  return orders;
}

/** The database answers nothing until the returned function is called. */
export function takeAway({ store: { dialect } }: TestNode): () => void {
  const { transaction } = dialect;
  dialect.transaction = () => Promise.reject(new TransactionFailure('away', 'rolledBack', new Error('it is gone')));
  return () => void (dialect.transaction = transaction);
}
