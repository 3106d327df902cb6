import type { ExecutionId, FiringId, LeaseToken, TaskExecutionId } from '../../model/ids.js';
import type { SourceKind } from '../../model/states.js';
import type { AttemptRecord, ClaimedTask, DedupHold, ExecutionFacts, TaskPlace } from '../claimer.js';
import { batch, run, send } from '../dialects/batch.js';
import type { Row, Rows, Work } from '../dialects/batch.js';

const READ_FACTS = batch(
  'execution_facts',
  { _id: 'text' },
  () => `SELECT e.id, e.workflow, e.workflow_hash, f.id AS firing_id, f.trigger, f.kind, f.depth, f.context, f.executions,
      f.dedup_space, f.dedup_key, f.dedup_scope, f.dedup_cooldown
    FROM g JOIN triggers_execution e ON e.id = g._id JOIN triggers_firing f ON f.id = e.firing_id`,
);

/** What is the same for all tasks of each execution. */
export function* readFacts(ids: readonly ExecutionId[]): Work<Map<ExecutionId, ExecutionFacts>> {
  const rows = yield* run(
    READ_FACTS,
    ids.map((id) => [id]),
  );
  return factsById(rows);
}

/** As {@link readFacts}, for whom nothing in the commit waits. */
export function* hearFacts(
  ids: readonly ExecutionId[],
  heard: (facts: ReadonlyMap<ExecutionId, ExecutionFacts>) => void,
): Work<void> {
  yield* send(
    READ_FACTS,
    ids.map((id) => [id]),
    (rows) => heard(factsById(rows)),
  );
}

function factsById(rows: Rows): Map<ExecutionId, ExecutionFacts> {
  return new Map(rows.map((row) => [row['id'] as ExecutionId, factsOf(row)]));
}

function factsOf(row: Row): ExecutionFacts {
  return {
    executionId: row['id'] as ExecutionId,
    workflow: row['workflow'] as string,
    hash: row['workflow_hash'] as string,
    firingId: row['firing_id'] as FiringId,
    trigger: row['trigger'] as string | null,
    kind: row['kind'] as SourceKind,
    depth: Number(row['depth']),
    siblings: (JSON.parse(row['executions'] as string) as string[]).length,
    dedup: dedupOf(row),
    input: (row['context'] as string | null) ?? '{}',
  };
}

function dedupOf(row: Row): DedupHold | null {
  if (row['dedup_key'] === null) return null;
  return {
    space: row['dedup_space'] as string,
    key: row['dedup_key'] as Buffer,
    scope: row['dedup_scope'] as DedupHold['scope'],
    cooldown: Boolean(row['dedup_cooldown']),
  };
}

/** The place of a task in its graph, from its row. */
export function placeOf(row: Row): TaskPlace {
  return JSON.parse(row['graph'] as string) as TaskPlace;
}

const READ_OUTPUTS = batch(
  'task_outputs',
  { _execution: 'text' },
  () => `SELECT execution_id, task, output FROM triggers_task
    WHERE execution_id IN (SELECT _execution FROM g) AND state = 'completed' AND output IS NOT NULL`,
);

/** JSON outputs by execution and task, of everything that has completed in these executions. */
export function* readOutputs(ids: readonly ExecutionId[]): Work<ReadonlyMap<ExecutionId, ReadonlyMap<string, string>>> {
  const outputs = noOutputs(ids);
  addOutputs(outputs, yield* run(READ_OUTPUTS, rowsFor(outputs)));
  return outputs;
}

/** As {@link readOutputs}, where nothing in the commit waits for them: what is heard after it finds them in the map. */
export function* hearOutputs(ids: readonly ExecutionId[]): Work<ReadonlyMap<ExecutionId, ReadonlyMap<string, string>>> {
  const outputs = noOutputs(ids);
  yield* send(READ_OUTPUTS, rowsFor(outputs), (rows) => addOutputs(outputs, rows));
  return outputs;
}

type OutputsById = ReadonlyMap<ExecutionId, Map<string, string>>;

function noOutputs(ids: readonly ExecutionId[]): OutputsById {
  return new Map([...ids].sort().map((id) => [id, new Map<string, string>()]));
}

function rowsFor(outputs: OutputsById): ExecutionId[][] {
  return [...outputs.keys()].map((id) => [id]);
}

function addOutputs(outputs: OutputsById, rows: Rows): void {
  for (const row of rows)
    outputs.get(row['execution_id'] as ExecutionId)?.set(row['task'] as string, row['output'] as string);
}

/** Of what an execution has, the outputs that a task may see: those of its ancestors; `null` where one left none. */
export function outputsOf(place: TaskPlace, known: ReadonlyMap<string, string> | undefined): ClaimedTask['outputs'] {
  return new Map(place.ancestors.map((name) => [name, known?.get(name) ?? null]));
}

/** A claimed task from its row, with what {@link readOutputs} read of its execution. */
export function claimedTask(
  row: Row,
  facts: ReadonlyMap<ExecutionId, ExecutionFacts>,
  outputs: ReadonlyMap<string, ReadonlyMap<string, string>>,
  token: LeaseToken,
): ClaimedTask {
  const place = placeOf(row);
  return {
    facts: facts.get(row['execution_id'] as ExecutionId) as ExecutionFacts,
    id: row['id'] as TaskExecutionId,
    task: row['task'] as string,
    place,
    attempt: Number(row['attempt']),
    maxAttempts: Number(row['max_attempts']),
    rescues: Number(row['rescues']),
    priority: Number(row['priority']),
    attempts: JSON.parse((row['attempts'] as string | null) ?? '[]') as AttemptRecord[],
    token,
    outputs: outputsOf(place, outputs.get(row['execution_id'] as string)),
  };
}
