import type { Row } from '../stores/ledger.js';
import type { BodyEffect, Effects } from './effects.js';
import type { Expectations } from './expectations.js';
import type { ExecutionView, FiringView, LedgerView } from './ledger-view.js';

/** Attempts that a task has; `worker/workflows.ts` gives every task that may fail three. */
const MAX_ATTEMPTS = 3;

/**
 * Bodies run at least once, their result is written once: what the ledger says is what one run of the body did, and
 * nobody ever saw the result of another run.
 */
export function checkResults(view: LedgerView, { bodies }: Effects, expected: Expectations): string[] {
  const runs = new Map<string, BodyEffect[]>();
  for (const effect of bodies) {
    const key = `${effect.execution}/${effect.task}`;
    runs.set(key, [...(runs.get(key) ?? []), effect]);
  }
  const known = new Map(view.executions.map((execution) => [execution.id, execution]));
  return [
    ...view.firings.flatMap((firing) =>
      firing.executions.flatMap((execution) => checkEnd(firing, execution, expected)),
    ),
    ...view.executions.flatMap(({ id, tasks }) => tasks.flatMap((task) => checkTask(id, task, runs))),
    ...bodies.flatMap((effect) => checkSeen(effect, known.get(effect.execution), expected)),
  ];
}

/** The end of an execution follows from its item, unless an operator cancelled it. */
function checkEnd({ work }: FiringView, { id, workflow, state }: ExecutionView, { operator }: Expectations): string[] {
  if (state === 'cancelled' && operator.cancelled.has(id)) return [];
  const wanted = work.fails === 'always' && workflow !== 'taker' ? 'failed' : 'completed';
  // A retry lets a cancelled execution go on from what was not done, so it may end either way.
  return state === wanted ? [] : [`execution ${id} of ${workflow} with ${work.item} is ${state}, not ${wanted}`];
}

function checkTask(execution: string, task: Row, runs: ReadonlyMap<string, readonly BodyEffect[]>): string[] {
  const name = `task ${String(task['task'])} of ${execution}`;
  const own = runs.get(`${execution}/${String(task['task'])}`) ?? [];
  const ran = (kind: BodyEffect['kind']): BodyEffect[] => own.filter((effect) => effect.kind === kind);
  if (task['state'] === 'completed' && !ran('returned').some(({ run }) => run === runOf(task)))
    return [`${name} has the result of a run ${String(runOf(task))} that nobody made`];
  if (task['state'] === 'failed' && ran('threw').length === 0) return [`${name} has failed, but no run of it did`];
  if (Number(task['attempt']) > MAX_ATTEMPTS) return [`${name} is in its attempt ${String(task['attempt'])}`];
  if (task['state'] === 'skipped' && own.length > 0) return [`${name} was skipped and ran`];
  return [];
}

/** The run whose result a row holds. */
export function runOf(task: Row): string | undefined {
  const output = task['output'];
  if (typeof output !== 'string') return undefined;
  const { runs = {} } = JSON.parse(output) as { runs?: Record<string, string> };
  return runs[String(task['task'])];
}

/** What a body saw of earlier tasks is what their rows say in the end. */
function checkSeen(effect: BodyEffect, execution: ExecutionView | undefined, { ledgerLostAt }: Expectations): string[] {
  if (execution === undefined)
    return ledgerLostAt !== null ? [] : [`${effect.task} ran for execution ${effect.execution}, which is not there`];
  return differences(effect.saw, execution).map((problem) => `${effect.task} of ${effect.execution} ${problem}`);
}

/** Where what somebody saw differs from what is written. */
export function differences(saw: Readonly<Record<string, string>>, { tasks }: ExecutionView): string[] {
  return Object.entries(saw).flatMap(([task, run]) => {
    const written = tasks.find((row) => row['task'] === task);
    const is = written && runOf(written);
    return is === run ? [] : [`saw run ${run} of ${task}, but ${String(is)} is written`];
  });
}
