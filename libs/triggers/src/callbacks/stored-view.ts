import type { Logger } from '@nestjs/common';
import type { ExecutionId } from '../model/ids.js';
import type { JsonObject } from '../model/json.js';
import type { ExecutionView } from '../workflows/task-context.js';

/** Where a view belongs. */
export interface ViewPlace {
  readonly executionId: ExecutionId;
  readonly workflow: string;
  readonly trigger: string | null;
}

/** An ended execution or task as its callbacks see it, read from its rows. */
export class StoredView implements ExecutionView {
  readonly executionId: ExecutionId;
  readonly workflow: string;
  readonly trigger: string | null;
  readonly data: never;
  /** Of a task; `undefined` in the view of a whole execution. */
  readonly taskId: string | undefined;
  readonly attempt: number | undefined;

  constructor(
    place: ViewPlace,
    data: JsonObject,
    readonly logger: Logger,
    task?: { readonly taskId: string; readonly attempt: number },
  ) {
    this.executionId = place.executionId;
    this.workflow = place.workflow;
    this.trigger = place.trigger;
    this.data = data as never;
    this.taskId = task?.taskId;
    this.attempt = task?.attempt;
  }

  get(key: string, fallback?: unknown): never {
    const data: JsonObject = this.data;
    return (Object.hasOwn(data, key) ? data[key] : fallback) as never;
  }

  get idempotencyKey(): string {
    return `${this.executionId}/${this.taskId ?? ''}`;
  }
}
