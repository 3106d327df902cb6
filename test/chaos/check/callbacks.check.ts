import type { Effects, ToldEffect } from './effects.js';
import type { Expectations } from './expectations.js';
import type { ExecutionView, LedgerView } from './ledger-view.js';
import { differences } from './results.check.js';

/** Callbacks are called at least once, only of what is written, and what they saw is what is written. */
export function checkCallbacks(view: LedgerView, { told }: Effects, expected: Expectations): string[] {
  const known = new Map(view.executions.map((execution) => [execution.id, execution]));
  const calls = new Set(told.map(nameOf));
  return [
    ...view.executions
      .flatMap((execution) => due(execution).filter((callback) => !calls.has(callback)))
      .map((callback) => `${callback} was never called`),
    ...told.flatMap((call) => checkCall(call, known.get(call.execution), expected)),
  ];
}

/** The callbacks that rows say are due. */
function due({ id, row, tasks }: ExecutionView): string[] {
  return [
    ...(row['callback'] === null ? [] : [nameOf({ execution: id, task: null, callback: row['callback'] })]),
    ...tasks
      .filter((task) => task['callback'] !== null)
      .map((task) => nameOf({ execution: id, task: String(task['task']), callback: task['callback'] })),
  ];
}

function checkCall(call: ToldEffect, execution: ExecutionView | undefined, expected: Expectations): string[] {
  if (execution === undefined)
    return expected.ledgerLostAt !== null ? [] : [`${nameOf(call)} was called, but its execution is not there`];
  const problems = differences(call.saw, execution).map((problem) => `${nameOf(call)} ${problem}`);
  // A retry reopens what has failed, so its onFailure may be older than the row.
  if (expected.operator.retried.has(execution.id)) return problems;
  return due(execution).includes(nameOf(call))
    ? problems
    : [...problems, `${nameOf(call)} was called, but nothing says that it is due`];
}

function nameOf({ execution, task, callback }: { execution: string; task: string | null; callback: unknown }): string {
  return `${String(callback)} of ${task === null ? 'execution' : `task ${task} of`} ${execution}`;
}
