import { Injectable, Logger } from '@nestjs/common';
import { formatDuration } from '../model/duration.js';
import { EventBus } from '../model/events.js';
import type { TriggersEvent } from '../model/events.js';

type Level = 'error' | 'warn' | 'log' | 'debug';

/**
 * Writes what happens to Nest's logger: one line per event that an operator would want, nothing per poll. Failures are
 * errors, what repairs itself is a warning, changes are logged, and the daily course of executions is `debug`.
 */
@Injectable()
export class EventLog {
  readonly #logger = new Logger('triggers');

  constructor(events: EventBus) {
    events.subscribe((event) => {
      const line = lineOf(event);
      if (line !== null && Logger.isLevelEnabled(line[0])) this.#logger[line[0]](line[1]);
    });
  }
}

function lineOf(event: TriggersEvent): readonly [Level, string] | null {
  return ofTrigger(event) ?? ofFiring(event) ?? ofExecution(event) ?? ofTask(event) ?? ofNode(event);
}

function ofTrigger(event: TriggersEvent): readonly [Level, string] | null {
  switch (event.name) {
    case 'trigger.failing':
      return ['warn', `Trigger "${event.trigger}" fails: ${event.error}`];
    case 'trigger.recovered':
      return ['log', `Trigger "${event.trigger}" works again after ${event.failures} failed polls`];
    case 'trigger.suspended':
      return [
        'error',
        `Trigger "${event.trigger}" is suspended after ${event.failures} failed polls in a row: ${event.error}. Resume it when that is mended`,
      ];
    case 'trigger.stalled':
      return [
        'warn',
        `Trigger "${event.trigger}": a poll did not end within ${formatDuration(event.timeoutMs)} and still runs`,
      ];
    case 'trigger.superseded':
      return [
        'debug',
        `Trigger "${event.trigger}": a poll was discarded, its cursor, switch or owner changed meanwhile`,
      ];
    case 'trigger.changed':
      return ['log', `Trigger "${event.trigger}": ${event.change}${by(event.by)}`];
    case 'trigger.clockReset':
      return ['warn', `Trigger "${event.trigger}": its stored clock (${event.was}) lay in the future and was reset`];
    default:
      return null;
  }
}

function ofFiring(event: TriggersEvent): readonly [Level, string] | null {
  switch (event.name) {
    case 'firing.accepted':
      return ['debug', `${source(event.trigger)} fired: ${event.executionIds.join(', ')}`];
    case 'firing.dead':
      return ['error', `${source(event.trigger)}: firing ${event.firingId} is a dead letter: ${event.reason}`];
    case 'firing.rejected':
      return ['warn', `${source(event.trigger)}: firing ${event.firingId} was rejected: ${event.reason}`];
    default:
      return null;
  }
}

function ofExecution(event: TriggersEvent): readonly [Level, string] | null {
  switch (event.name) {
    case 'execution.completed':
      return ['debug', `Workflow "${event.workflow}" completed: ${event.executionId}`];
    case 'execution.failed':
      return ['error', `Workflow "${event.workflow}" failed: ${event.executionId}: ${event.error}`];
    case 'execution.cancelled':
      return ['log', `Workflow "${event.workflow}" cancelled: ${event.executionId}`];
    case 'execution.changed':
      return ['log', `Execution ${event.executionId}: ${event.change}${by(event.by)}`];
    default:
      return null;
  }
}

function ofTask(event: TriggersEvent): readonly [Level, string] | null {
  switch (event.name) {
    case 'task.retrying':
      return [
        'warn',
        `Task "${event.task}" of ${event.executionId} failed (attempt ${event.attempt}), again in ${formatDuration(event.delayMs)}: ${event.error}`,
      ];
    case 'task.rescued':
      return [
        'warn',
        `Task "${event.task}" of ${event.executionId} was taken back from a dead process (rescue ${event.rescues})`,
      ];
    case 'task.refused':
      return ['warn', `Task "${event.task}" of ${event.executionId}: the result came too late and was refused`];
    case 'task.zombie':
      return [
        'warn',
        `Task "${event.task}" of ${event.executionId} does not return although it was told to stop (${event.zombies} such bodies)`,
      ];
    default:
      return null;
  }
}

function ofNode(event: TriggersEvent): readonly [Level, string] | null {
  switch (event.name) {
    case 'node.unhealthy':
      return ['error', `This process should be restarted: ${event.reason}`];
    case 'store.away':
      return ['error', `The database does not answer, work is kept: ${event.error}`];
    case 'store.back':
      return ['log', `The database answers again after ${formatDuration(event.afterMs)}`];
    default:
      return null;
  }
}

function source(trigger: string | null): string {
  return trigger === null ? 'A program' : `Trigger "${trigger}"`;
}

function by(user: string | null): string {
  return user === null ? '' : ` by ${user}`;
}
