import { setImmediate } from 'node:timers/promises';
import { Task, Workflow } from 'nestjs-triggers';
import type { TaskContext } from 'nestjs-triggers';
import { printDone, printFailed } from '../terminal/lines.js';
import { QueueService } from './queue.service.js';

/** What `queue_handler` is started with. */
export interface QueueOverflow {
  readonly queue_depth: number;
  readonly threshold: number;
}

type Drained = QueueOverflow & { readonly messages_processed: number };

const BATCH = 25;

function drained(taskId: string, { data }: TaskContext<Drained>): void {
  printDone(taskId, 'queue', `${data.messages_processed} jobs handled`);
}

function drainFailed(taskId: string, error: Error): void {
  printFailed(taskId, 'queue', error.message);
}

/** Drains the queue, batch by batch. */
@Workflow({ name: 'queue_handler', description: 'Drains the queue when it is too deep' })
export class QueueHandler {
  constructor(private readonly queue: QueueService) {}

  @Task({ id: 'drain_queue', onSuccess: drained, onFailure: drainFailed, timeout: '1m' })
  async drainQueue(context: TaskContext<QueueOverflow>) {
    let processed = 0;
    while (this.queue.depth > 0) {
      context.signal.throwIfAborted();
      processed += this.queue.take(BATCH).length;
      context.progress(processed / (processed + this.queue.depth), `${processed} jobs`);
      await setImmediate(); // others get their turn between two batches
    }
    return { messages_processed: processed };
  }
}
