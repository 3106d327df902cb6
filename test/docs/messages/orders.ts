// The code of docs/guides/message-triggers.md, run by test/docs/message-guide.spec.ts.
import { Injectable } from '@nestjs/common';
import { MessageTrigger, Task, TriggerResult, Workflow } from 'nestjs-triggers';
import type { Message, TaskContext } from 'nestjs-triggers';
import { bullMqQueue } from 'nestjs-triggers/bullmq';
import { redisStream } from 'nestjs-triggers/redis-streams';
import { z } from 'zod';

// #region first
interface PaidOrder {
  readonly id: string;
  readonly total: number;
}

@Workflow({ name: 'ship' })
export class Ship {
  @Task()
  async pack(context: TaskContext<{ order: string }>) {
    return { packed: context.data.order };
  }
}

@Injectable()
export class OrderTriggers {
  @MessageTrigger({
    workflow: Ship,
    from: () => bullMqQueue({ queue: 'paid-orders', connection: process.env['REDIS_URL'] ?? 'redis://localhost' }),
  })
  paid({ body }: Message<PaidOrder>) {
    if (body.total === 0) return TriggerResult.skip('nothing was paid');
    return { order: body.id };
  }
}
// #endregion

// #region stream
const Returned = z.object({ order: z.string() });

@Injectable()
export class ReturnTriggers {
  @MessageTrigger({
    workflow: Ship,
    from: () =>
      redisStream({
        stream: 'returns',
        group: 'shipping',
        body: 'data',
        connection: process.env['REDIS_URL'] ?? 'redis://localhost',
      }),
    schema: Returned,
  })
  returned(): void {}
}
// #endregion
