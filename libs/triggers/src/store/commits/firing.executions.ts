import type { LeaseToken } from '../../model/ids.js';
import type { ExecutionFacts } from '../claimer.js';
import type { CommitScope } from '../commit-kind.js';
import { send } from '../dialects/batch.js';
import type { Work } from '../dialects/batch.js';
import type { ExecutionDraft, FiringDraft, TaskDraft } from './firing.draft.js';
import type { Judged } from './firing.duplicates.js';
import { INSERT_EXECUTION, INSERT_TASK } from './firing.statements.js';

/** An execution that a firing starts, and which of its tasks run here at once. */
interface PlannedExecution {
  readonly draft: FiringDraft;
  readonly execution: ExecutionDraft;
  readonly delayMs: number;
  /** Root tasks that this commit claims. */
  readonly tokens: ReadonlyMap<string, LeaseToken>;
}

/**
 * Plans the executions of these firings: a root task runs here at once where there is a slot for it. `leave`: whoever comes
 * first claims it.
 */
export function planExecutions(
  judged: readonly Judged[],
  scope: CommitScope,
  ready: 'claim' | 'leave' = 'claim',
): readonly PlannedExecution[] {
  return judged.flatMap(({ draft, delayMs }) =>
    draft.executions.map((execution) => plan({ draft, execution, delayMs }, scope, ready)),
  );
}

function plan(
  { draft, execution, delayMs }: Omit<PlannedExecution, 'tokens'>,
  scope: CommitScope,
  ready: 'claim' | 'leave',
): PlannedExecution {
  const tokens = new Map<string, LeaseToken>();
  for (const task of execution.tasks) {
    if (task.place.dependencies.length > 0) continue;
    const token =
      delayMs > 0 || ready === 'leave' ? null : scope.reserve(execution.workflow, execution.hash, task.pool);
    if (token !== null) tokens.set(task.task, token);
    else {
      const { id, task: name, pool } = task;
      scope.leavesReady({ id, executionId: execution.id, task: name, pool, priority: draft.priority, inMs: delayMs });
    }
  }
  return { draft, execution, delayMs, tokens };
}

/** Writes executions and their tasks. */
export function* insertExecutions(plans: readonly PlannedExecution[], scope: CommitScope): Work<void> {
  yield* send(INSERT_EXECUTION, plans.map(executionRow));
  yield* send(
    INSERT_TASK,
    plans.flatMap((planned) => taskRows(planned, scope)),
  );
}

function executionRow({ draft, execution, tokens }: PlannedExecution): unknown[] {
  const started = tokens.size > 0;
  return [
    execution.id,
    draft.id,
    execution.workflow,
    execution.hash,
    draft.trigger,
    started ? 'running' : 'pending',
    execution.tasks.filter(({ place }) => place.dependents.length === 0).length,
    draft.initiatedBy,
    draft.replayOf,
    0,
    started ? 0 : null,
  ];
}

function taskRows({ draft, execution, delayMs, tokens }: PlannedExecution, scope: CommitScope): unknown[][] {
  return execution.tasks.map((task) => {
    const token = tokens.get(task.task) ?? null;
    return [
      execution.id,
      task.task,
      task.id,
      task.ordinal,
      execution.workflow,
      execution.hash,
      task.pool,
      stateOf(task, token),
      JSON.stringify(task.place),
      task.runWhen,
      task.place.dependencies.length,
      task.maxAttempts,
      draft.priority,
      delayMs,
      token === null ? null : scope.claimer?.nodeId,
      token,
      token === null ? null : 0,
    ];
  });
}

function stateOf(task: TaskDraft, token: LeaseToken | null): string {
  if (task.place.dependencies.length > 0) return 'blocked';
  return token === null ? 'ready' : 'running';
}

/** Tells the engine of the tasks that run here, with the commit. */
export function tellClaimed({ draft, execution, tokens }: PlannedExecution, scope: CommitScope): void {
  if (tokens.size === 0) return;
  const facts: ExecutionFacts = {
    executionId: execution.id,
    workflow: execution.workflow,
    hash: execution.hash,
    firingId: draft.id,
    trigger: draft.trigger,
    kind: draft.kind,
    depth: draft.depth,
    siblings: draft.executions.length,
    dedup: draft.dedup,
    input: draft.context ?? '{}',
  };
  for (const task of execution.tasks) {
    const token = tokens.get(task.task);
    if (token === undefined) continue;
    const { id, place, maxAttempts } = task;
    scope.claimed({
      facts,
      id,
      task: task.task,
      place,
      attempt: 1,
      maxAttempts,
      rescues: 0,
      priority: draft.priority,
      attempts: [],
      token,
      outputs: new Map(),
    });
  }
}
