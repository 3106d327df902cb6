import { Injectable } from '@nestjs/common';
import { Trigger, TriggerResult } from 'nestjs-triggers';
import { QueueHandler } from './queue-handler.workflow.js';
import type { QueueOverflow } from './queue-handler.workflow.js';
import { QueueService } from './queue.service.js';

const THRESHOLD = 100;

/** Starts a drain at every poll that finds the queue too deep, whether or not others still drain it. */
@Injectable()
export class QueueTriggers {
  constructor(private readonly queue: QueueService) {}

  @Trigger({ workflow: QueueHandler, name: 'queue_depth', pollInterval: '2s', allowConcurrent: true })
  queueDepth(): TriggerResult<QueueOverflow> {
    const { depth } = this.queue;
    // The reason names no number: equal skips in a row are kept as one.
    if (depth < THRESHOLD) return TriggerResult.skip(`fewer than ${THRESHOLD} jobs wait`);
    return TriggerResult.fire({ queue_depth: depth, threshold: THRESHOLD });
  }
}
