import { Injectable, Logger } from '@nestjs/common';
import { formatDuration } from '../model/duration.js';
import { EventBus } from '../model/events.js';
import type { TriggersEvent, TriggersEventName } from '../model/events.js';

type Level = 'error' | 'warn' | 'log' | 'debug';
type Lines = { readonly [N in TriggersEventName]?: readonly [Level, (event: TriggersEvent<N>) => string] };

const LINES: Lines = {
  'trigger.failing': ['warn', (event) => `Trigger "${event.trigger}" fails: ${event.error}`],
  'trigger.recovered': [
    'log',
    (event) => `Trigger "${event.trigger}" works again after ${event.failures} failed polls`,
  ],
  'trigger.suspended': [
    'error',
    (event) =>
      `Trigger "${event.trigger}" is suspended after ${event.failures} failed polls in a row: ${event.error}. Resume it when that is mended`,
  ],
  'trigger.stalled': [
    'warn',
    (event) =>
      `Trigger "${event.trigger}": its code did not end within ${formatDuration(event.timeoutMs)} and still runs`,
  ],
  'trigger.superseded': [
    'debug',
    (event) => `Trigger "${event.trigger}": a poll was discarded, its cursor, switch or owner changed meanwhile`,
  ],
  'trigger.changed': ['log', (event) => `Trigger "${event.trigger}": ${event.change}${by(event.by)}`],
  'trigger.clockReset': [
    'warn',
    (event) => `Trigger "${event.trigger}": its stored clock (${event.was}) lay in the future and was reset`,
  ],
  'firing.accepted': ['debug', (event) => `${source(event.trigger)} fired: ${event.executionIds.join(', ')}`],
  'firing.dead': [
    'error',
    (event) => `${source(event.trigger)}: firing ${event.firingId} is a dead letter: ${event.reason}`,
  ],
  'firing.rejected': [
    'warn',
    (event) => `${source(event.trigger)}: firing ${event.firingId} was rejected: ${event.reason}`,
  ],
  'execution.completed': ['debug', (event) => `Workflow "${event.workflow}" completed: ${event.executionId}`],
  'execution.failed': ['error', (event) => `Workflow "${event.workflow}" failed: ${event.executionId}: ${event.error}`],
  'execution.cancelled': ['log', (event) => `Workflow "${event.workflow}" cancelled: ${event.executionId}`],
  'execution.changed': ['log', (event) => `Execution ${event.executionId}: ${event.change}${by(event.by)}`],
  'task.retrying': [
    'warn',
    (event) =>
      `Task "${event.task}" of ${event.executionId} failed (attempt ${event.attempt}), again in ${formatDuration(event.delayMs)}: ${event.error}`,
  ],
  'task.rescued': [
    'warn',
    (event) =>
      `Task "${event.task}" of ${event.executionId} was taken back from a dead process (rescue ${event.rescues})`,
  ],
  'task.refused': [
    'warn',
    (event) => `Task "${event.task}" of ${event.executionId}: the result came too late and was refused`,
  ],
  'task.zombie': [
    'warn',
    (event) =>
      `Task "${event.task}" of ${event.executionId} does not return although it was told to stop (${event.zombies} such bodies)`,
  ],
  'node.unhealthy': ['error', (event) => `This process should be restarted: ${event.reason}`],
  'pool.unserved': [
    'warn',
    (event) =>
      `No process serves pool "${event.pool}": ${event.ready} ready tasks wait for one that names it in "worker.pools"`,
  ],
  'source.away': [
    'warn',
    (event) =>
      `Trigger "${event.trigger}" hears nothing from ${event.source}: ${event.error}. Messages wait there, and it is tried again by ` +
      'itself. See that it is up, and that "connection" leads to it',
  ],
  'source.back': [
    'log',
    (event) => `Trigger "${event.trigger}" hears ${event.source} again after ${formatDuration(event.afterMs)}`,
  ],
  'store.away': ['error', (event) => `The database does not answer, work is kept: ${event.error}`],
  'store.back': ['log', (event) => `The database answers again after ${formatDuration(event.afterMs)}`],
};

/**
 * Writes what happens to Nest's logger: one line per event that an operator would want, nothing per poll. Failures are
 * errors, what repairs itself is a warning, changes are logged, and the daily course of executions is `debug`.
 */
@Injectable()
export class EventLog {
  readonly #logger = new Logger('triggers');

  constructor(events: EventBus) {
    events.subscribe((event) => this.#write(event), Object.keys(LINES) as TriggersEventName[]);
  }

  #write<N extends TriggersEventName>(event: TriggersEvent<N>): void {
    const [level, line] = LINES[event.name] as readonly [Level, (event: TriggersEvent<N>) => string];
    if (Logger.isLevelEnabled(level)) this.#logger[level](line(event));
  }
}

function source(trigger: string | null): string {
  return trigger === null ? 'A program' : `Trigger "${trigger}"`;
}

function by(user: string | null): string {
  return user === null ? '' : ` by ${user}`;
}
