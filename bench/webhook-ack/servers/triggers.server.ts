import { Task, TriggersModule, WebhookTrigger, Workflow, standardWebhooks } from 'nestjs-triggers';
import { bullMq } from 'nestjs-triggers/bullmq';
import type { NodeRole } from 'nestjs-triggers';
import { CONCURRENCY } from '../../harness/app.js';
import type { Backends } from '../../harness/app.js';
import { Completions } from '../../harness/completions.js';
import { Order, SECRET } from '../signed-order.js';
import { listen } from './server.js';
import type { Server } from './server.js';

@Workflow({ name: 'ship_order' })
class ShipOrder {
  @Task()
  async ship(): Promise<void> {}
}

class Shop {
  @WebhookTrigger({
    workflow: ShipOrder,
    path: 'orders',
    verify: standardWebhooks({ secret: SECRET }),
    schema: Order,
  })
  ordered(): void {}
}

/** A webhook trigger with the same sender and the same checks, and an execution of one task for each delivery. */
export async function startTriggers({ database, messages }: Backends, roles?: readonly NodeRole[]): Promise<Server> {
  const transport = messages && { transport: bullMq(messages) };
  const ours = {
    worker: { concurrency: CONCURRENCY },
    ...(roles && { roles }),
    ...transport,
    database,
    admin: false,
  } as const;
  const { app, port } = await listen({
    imports: [TriggersModule.forRoot(ours)],
    providers: [Completions, ShipOrder, Shop],
  });
  const completions = app.get(Completions);
  return {
    port,
    done: async (count) => (roles === undefined ? completions.of(count) : undefined),
    close: () => app.close(),
  };
}
