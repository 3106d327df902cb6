import { mergeContexts } from '../model/context-merge.js';
import type { JsonObject } from '../model/json.js';
import type { ExecutionId } from '../model/ids.js';
import { hasEnded } from '../model/states.js';
import type { AttemptRecord, TaskPlace } from '../store/claimer.js';
import type { ExecutionRow, FiringRow, TaskRow } from '../store/entities/rows.js';
import type { Store } from '../store/store.service.js';
import { previewOf } from './context-preview.js';
import type { AttemptView, ErrorView, ExecutionDetail, ExecutionEnding, TaskView } from './history.types.js';
import { durationMs, fromJson, toCallbacks, toExecutionItem, toFiringItem, toIso } from './mappers.js';
import { nodeNames } from './node-names.js';
import type { NodeNames } from './node-names.js';

/** Everything about one execution, in five queries whatever its size; `null` when there is none. */
export async function readExecution(store: Store, id: string): Promise<ExecutionDetail | null> {
  const { reader, entities } = store;
  const execution = await reader.findOneBy(entities.execution, { id: id as ExecutionId });
  if (execution === null) return null;
  const [firing, tasks, replays, names] = await Promise.all([
    reader.findOneBy(entities.firing, { id: execution.firingId }),
    reader.find(entities.task, { where: { executionId: execution.id }, order: { ordinal: 'ASC' } }),
    reader.find(entities.execution, { select: { id: true }, where: { replayOf: execution.id }, order: { id: 'ASC' } }),
    nodeNames(store),
  ]);
  return toDetail({ execution, firing, tasks, replays: replays.map((replay) => replay.id), names });
}

/** How an execution stands, for the program that waits for it; `null` when there is none. */
export async function readEnding(store: Store, id: string): Promise<ExecutionEnding | null> {
  const { reader, entities } = store;
  const execution = await reader.findOneBy(entities.execution, { id: id as ExecutionId });
  if (execution === null) return null;
  const [firing, tasks] = await Promise.all([
    reader.findOneBy(entities.firing, { id: execution.firingId }),
    reader.find(entities.task, { where: { executionId: execution.id }, order: { ordinal: 'ASC' } }),
  ]);
  return {
    state: execution.state,
    workflow: execution.workflow,
    input: fromJson<JsonObject>(firing?.context ?? null) ?? {},
    result: resultOf(tasks),
    error: fromJson<ErrorView>(execution.error),
  };
}

interface DetailRows {
  readonly execution: ExecutionRow;
  readonly firing: FiringRow | null;
  readonly tasks: readonly TaskRow[];
  readonly replays: readonly ExecutionId[];
  readonly names: NodeNames;
}

function toDetail({ execution, firing, tasks, replays, names }: DetailRows): ExecutionDetail {
  const preview = previewOf(firing?.context);
  return {
    ...toExecutionItem(execution, preview),
    input: fromJson<JsonObject>(firing?.context ?? null),
    payload: firing?.payload ?? null,
    result: hasEnded(execution.state) ? resultOf(tasks) : null,
    tasks: tasks.map((task) => toTaskView(task, names)),
    callbacks: toCallbacks(execution),
    firing: firing === null ? null : toFiringItem(firing, preview),
    replays,
  };
}

/** Tasks come in topological order, so later outputs lie over earlier ones. */
function resultOf(tasks: readonly TaskRow[]): JsonObject {
  return mergeContexts(tasks.map(({ output }) => fromJson<JsonObject>(output) ?? {}));
}

function toTaskView(row: TaskRow, names: NodeNames): TaskView {
  const { id, task, pool, runWhen, state, attempt, maxAttempts, rescues, reason } = row;
  return {
    id,
    task,
    pool,
    runWhen,
    state,
    attempt,
    maxAttempts,
    rescues,
    reason,
    dependencies: (JSON.parse(row.graph) as TaskPlace).dependencies,
    runAt: toIso(row.runAt),
    startedAt: toIso(row.startedAt),
    finishedAt: toIso(row.finishedAt),
    durationMs: durationMs(row.startedAt, row.finishedAt),
    output: fromJson<JsonObject>(row.output),
    error: fromJson<ErrorView>(row.error),
    attempts: attemptsOf(row, names),
    callbacks: toCallbacks(row),
    node: names(row.owner),
  };
}

/**
 * The stored ones failed; the row itself tells of the current or last one, unless that is among them. One that runs or has
 * completed never is: a retry by an operator counts from one again, so that numbers repeat.
 */
function attemptsOf(row: TaskRow, names: NodeNames): readonly AttemptView[] {
  const failed = (fromJson<AttemptRecord[]>(row.attempts) ?? []).map((record) => ({
    ...record,
    node: names(record.node),
  }));
  const isNoFailure = row.state === 'running' || row.state === 'completed';
  const isStored = !isNoFailure && failed.some(({ attempt }) => attempt === row.attempt);
  if (row.startedAt === null || isStored) return failed;
  const current = {
    attempt: row.attempt,
    startedAt: toIso(row.startedAt),
    finishedAt: toIso(row.finishedAt),
    error: row.state === 'failed' ? fromJson<ErrorView>(row.error) : null,
    node: names(row.owner),
  };
  return [...failed, current];
}
