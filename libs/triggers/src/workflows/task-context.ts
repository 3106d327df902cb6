import type { Logger } from '@nestjs/common';
import type { ExecutionId } from '../model/ids.js';
import type { Jsonify } from '../model/json.js';

/** The data of an execution and where it belongs: what callbacks of a workflow see, and the ground of every task context. */
export interface ExecutionView<T extends object = Record<string, unknown>> {
  /** The data, read-only; they have always been through JSON. */
  readonly data: Jsonify<T>;
  /** One value of the data (in a task: or what this task `set`), or `fallback` when it is absent. */
  get<K extends keyof T & string>(key: K): Jsonify<T>[K & keyof Jsonify<T>];
  get<K extends keyof T & string, F>(key: K, fallback: F): NonNullable<Jsonify<T>[K & keyof Jsonify<T>]> | F;
  get<V = unknown>(key: string, fallback?: V): V;
  readonly executionId: ExecutionId;
  /** The workflow that is executed. */
  readonly workflow: string;
  /** The trigger that fired, or `null` when a program asked for the execution. */
  readonly trigger: string | null;
  /** Nest's logger, named after the workflow (and the task). */
  readonly logger: Logger;
}

/**
 * What a task sees. Its data are the input of the execution plus the outputs of everything that came before it,
 * merged in topological order; they have always been through JSON.
 *
 * @typeParam T the data that this task expects
 */
export interface TaskContext<T extends object = Record<string, unknown>> extends ExecutionView<T> {
  /** Adds a value to the output of this task. What the task returns is laid over it. */
  set(key: string, value: unknown): void;
  /** The id of this task in its workflow. */
  readonly taskId: string;
  /** From 1. */
  readonly attempt: number;
  /** Aborted at the timeout, at a cancellation, at shutdown and when this node loses its lease. */
  readonly signal: AbortSignal;
  /** The same over all attempts of this task in this execution: hand it to services that take an `Idempotency-Key`. */
  readonly idempotencyKey: string;
  /** Tells how far the task is, 0 to 1. Shown while it runs, never stored. */
  progress(fraction: number, note?: string): void;
}
