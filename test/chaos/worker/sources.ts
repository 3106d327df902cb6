import { Injectable } from '@nestjs/common';
import { IntervalTrigger, TriggerResult, WebhookTrigger, WorkflowTrigger, hmac } from 'nestjs-triggers';
import type { ScheduleTick, WorkflowEnd } from 'nestjs-triggers';
import { recordPoll } from './effects.js';
import type { Work } from './effects.js';
import { WEBHOOK } from './webhook.js';
import { Chain, Follower, Single } from './workflows.js';

const { path, ...scheme } = WEBHOOK;

/** What fires without being polled for: events over HTTP, ends of executions, ticks of a clock. */
@Injectable()
export class Sources {
  /** What is sent is the work. */
  @WebhookTrigger({ workflow: Single, path, verify: hmac(scheme) })
  delivered(): void {}

  /** Every end: an operator cancels some, and lets some that failed end again. */
  @WorkflowTrigger({ workflow: Chain, on: ['completed', 'failed', 'cancelled'], start: Follower })
  followed({ executionId, state }: WorkflowEnd): Work {
    return { item: `end-of-${executionId}`, ms: 0, fails: 'never', end: { execution: executionId, state } };
  }

  /** Late is what is not done within a second, so that a fault makes ticks to catch up. */
  @IntervalTrigger({ workflow: Single, every: '1s', catchUp: 'all', maxLateness: '1s' })
  ticking({ scheduledFor }: ScheduleTick): TriggerResult<Work> {
    recordPoll('ticking');
    return TriggerResult.fire({ item: `tick-${scheduledFor.toISOString()}`, ms: 0, fails: 'never' });
  }
}
