import type { ExecutionView, TaskContext } from 'nestjs-triggers';
import { record, runsIn } from './effects.js';

/** Told of every end that was asked for; a callback is an effect like any other. */
export function taskSucceeded(task: string, context: TaskContext): void {
  told('onSuccess', task, context);
}

export function taskFailed(task: string, _error: Error, context: TaskContext): void {
  told('onFailure', task, context);
}

export function workflowSucceeded(_workflow: string, view: ExecutionView): void {
  told('onSuccess', null, view);
}

export function workflowFailed(_workflow: string, _error: Error, view: ExecutionView): void {
  told('onFailure', null, view);
}

function told(
  callback: 'onSuccess' | 'onFailure',
  task: string | null,
  context: { readonly executionId: string; get(key: string): unknown },
): void {
  record({ kind: 'told', execution: context.executionId, task, callback, saw: runsIn(context) });
}
