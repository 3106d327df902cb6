import type { ExecutionId, LeaseToken, TaskExecutionId } from '../../model/ids.js';
import type { ClaimedTask, TaskPlace } from '../claimer.js';
import type { CommitScope } from '../commit-kind.js';
import { runEach } from '../dialects/batch.js';
import type { Row, Work } from '../dialects/batch.js';
import { outputsOf, placeOf, readOutputs } from './claimed-task.js';
import type { CountedExecution, EndedTask } from './ended-task.js';
import { COUNT_DEPENDENCIES } from './graph.statements.js';

interface Waiting {
  readonly task: string;
  readonly parent: EndedTask;
  ended: number;
  succeeded: number;
  failed: number;
  skipped: number;
  token: LeaseToken | null;
  outputs: ClaimedTask['outputs'];
}

/**
 * Counts ended tasks on their dependants, whose executions' rows are locked: readies, claims, holds or skips those that
 * waited for nothing else. Returns the skipped ones: they have ended too.
 */
export function* countOnDependants(
  wave: readonly EndedTask[],
  executions: ReadonlyMap<ExecutionId, CountedExecution>,
  scope: CommitScope,
): Work<readonly SkippedDependant[]> {
  const waiting = collectDependants(wave);
  if (waiting.length === 0) return [];
  const answer = yield* runEach(
    COUNT_DEPENDENCIES,
    waiting.map((item) => rowOf(item, executions.get(item.parent.facts.executionId), scope)),
  );
  const skipped: SkippedDependant[] = [];
  const claimed: ClaimedDependant[] = [];
  answer.forEach((row, at) => {
    const item = waiting[at] as Waiting;
    if (row === undefined) return;
    if (row['state'] === 'skipped') skipped.push({ ended: skippedTask(row, item), reason: row['reason'] as string });
    else if (row['state'] === 'ready') scope.leavesReady();
    else if (row['state'] === 'running') claimed.push({ row, item });
  });
  yield* handOver(claimed, scope);
  return skipped;
}

interface SkippedDependant {
  readonly ended: EndedTask;
  readonly reason: string;
}

interface ClaimedDependant {
  readonly row: Row;
  readonly item: Waiting;
}

function rowOf(item: Waiting, execution: CountedExecution | undefined, scope: CommitScope): unknown[] {
  const { executionId, workflow, hash } = item.parent.facts;
  const held = execution?.state === 'paused';
  item.token = held ? null : scope.reserve(workflow, hash);
  return [
    executionId,
    item.task,
    item.ended,
    item.succeeded,
    item.failed,
    item.skipped,
    held,
    (execution?.failedTasks ?? 0) > 0,
    item.token,
    item.token && scope.claimer?.nodeId,
  ];
}

function collectDependants(wave: readonly EndedTask[]): readonly Waiting[] {
  const waiting = new Map<string, Waiting>();
  for (const parent of wave) {
    for (const task of parent.dependents) {
      const key = `${parent.facts.executionId}/${task}`;
      let item = waiting.get(key);
      if (item === undefined) waiting.set(key, (item = waitsFor(parent, task)));
      else item.outputs = new Map([...item.outputs, ...parent.outputs]);
      item.ended += 1;
      if (parent.state === 'completed') item.succeeded += 1;
      else if (parent.state === 'failed') item.failed += 1;
      else item.skipped += 1;
    }
  }
  return [...waiting.values()];
}

function waitsFor(parent: EndedTask, task: string): Waiting {
  return { task, parent, ended: 0, succeeded: 0, failed: 0, skipped: 0, token: null, outputs: parent.outputs };
}

function skippedTask(row: Row, { parent, task }: Waiting): EndedTask {
  return { ...parent, task, dependents: placeOf(row).dependents, state: 'skipped', error: null };
}

/**
 * Claimed dependants go to the engine, those of one execution in the order of its tasks, with the outputs that they need;
 * what this node does not know is read.
 */
function* handOver(claimed: ClaimedDependant[], scope: CommitScope): Work<void> {
  claimed.sort((a, b) => (a.row['ordinal'] as number) - (b.row['ordinal'] as number));
  const places = claimed.map(({ row }) => placeOf(row));
  const unknown = claimed.filter(({ item }, at) => places[at]?.ancestors.some((name) => !item.outputs.has(name)));
  const read = yield* readOutputs(unknown.map(({ item }) => item.parent.facts.executionId));
  claimed.forEach(({ row, item }, at) => {
    const { facts } = item.parent;
    const place = places[at] as TaskPlace;
    const known = read.get(facts.executionId);
    scope.claimed({
      facts,
      place,
      id: row['id'] as TaskExecutionId,
      task: item.task,
      // It was blocked until now: it has neither failed nor been rescued.
      attempt: 1,
      maxAttempts: row['max_attempts'] as number,
      rescues: 0,
      priority: row['priority'] as number,
      attempts: [],
      token: item.token as LeaseToken,
      outputs: known === undefined ? item.outputs : outputsOf(place, known),
    });
  });
}
