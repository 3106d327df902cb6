import type { ExecutionId, LeaseToken, TaskExecutionId } from '../../model/ids.js';
import type { TaskPlace } from '../claimer.js';
import type { CommitScope } from '../commit-kind.js';
import { run } from '../dialects/batch.js';
import type { Row, Work } from '../dialects/batch.js';
import type { CountedExecution, EndedTask } from './ended-task.js';
import { COUNT_DEPENDENCIES, READ_OUTPUTS } from './graph.statements.js';

interface Waiting {
  readonly task: string;
  readonly parent: EndedTask;
  ended: number;
  succeeded: number;
  failed: number;
  skipped: number;
  token: LeaseToken | null;
  readonly outputs: Map<string, string>;
}

/**
 * Counts ended tasks on their dependants, whose executions' rows are locked: readies, claims, holds or skips those that
 * waited for nothing else. Returns the skipped ones: they have ended too.
 */
export function* countOnDependants(
  wave: readonly EndedTask[],
  executions: ReadonlyMap<ExecutionId, CountedExecution>,
  scope: CommitScope,
): Work<{ readonly ended: EndedTask; readonly reason: string }[]> {
  const waiting = collectDependants(wave);
  if (waiting.size === 0) return [];
  const rows = [...waiting]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, item]) => {
      const { facts } = item.parent;
      const execution = executions.get(facts.executionId);
      const held = execution?.state === 'paused';
      item.token = held ? null : scope.reserve(facts.workflow, facts.hash);
      return [
        facts.executionId,
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
    });
  const moved = [...(yield* run(COUNT_DEPENDENCIES, rows))].sort((a, b) => Number(a['ordinal']) - Number(b['ordinal']));
  const skipped: { ended: EndedTask; reason: string }[] = [];
  const claimed: { row: Row; item: Waiting }[] = [];
  for (const row of moved) {
    const item = waiting.get(`${String(row['execution_id'])}/${String(row['task'])}`) as Waiting;
    if (row['state'] === 'skipped')
      skipped.push({ ended: skippedTask(row, item.parent), reason: row['reason'] as string });
    else if (row['state'] === 'ready') scope.leavesReady();
    else if (row['state'] === 'running') claimed.push({ row, item });
  }
  yield* handOver(claimed, scope);
  return skipped;
}

function collectDependants(wave: readonly EndedTask[]): Map<string, Waiting> {
  const waiting = new Map<string, Waiting>();
  for (const parent of wave) {
    for (const task of parent.dependents) {
      const key = `${parent.facts.executionId}/${task}`;
      const item = waiting.get(key) ?? {
        task,
        parent,
        ended: 0,
        succeeded: 0,
        failed: 0,
        skipped: 0,
        token: null,
        outputs: new Map<string, string>(),
      };
      item.ended += 1;
      if (parent.state === 'completed') item.succeeded += 1;
      else if (parent.state === 'failed') item.failed += 1;
      else item.skipped += 1;
      for (const [name, output] of parent.outputs) item.outputs.set(name, output);
      waiting.set(key, item);
    }
  }
  return waiting;
}

function skippedTask(row: Row, parent: EndedTask): EndedTask {
  const { dependents } = JSON.parse(row['graph'] as string) as TaskPlace;
  return { ...parent, task: row['task'] as string, dependents, state: 'skipped', error: null };
}

/** Claimed dependants go to the engine with the outputs that they need; what this node does not know is read. */
function* handOver(claimed: readonly { readonly row: Row; readonly item: Waiting }[], scope: CommitScope): Work<void> {
  const places = claimed.map(({ row }) => JSON.parse(row['graph'] as string) as TaskPlace);
  const unknown = claimed.filter(({ item }, at) =>
    places[at]?.ancestors.some((ancestor) => !item.outputs.has(ancestor) && ancestor !== item.parent.task),
  );
  const read = new Map<string, Map<string, string>>();
  for (const row of yield* run(
    READ_OUTPUTS,
    unknown.map(({ item }) => [item.parent.facts.executionId]),
  )) {
    const id = row['execution_id'] as string;
    read.set(id, (read.get(id) ?? new Map<string, string>()).set(row['task'] as string, row['output'] as string));
  }
  claimed.forEach(({ row, item }, at) => {
    const { facts } = item.parent;
    const place = places[at] as TaskPlace;
    const known = read.get(facts.executionId) ?? item.outputs;
    scope.claimed({
      facts,
      place,
      id: row['id'] as TaskExecutionId,
      task: item.task,
      attempt: Number(row['attempt']),
      maxAttempts: Number(row['max_attempts']),
      rescues: Number(row['rescues']),
      priority: Number(row['priority']),
      attempts: [],
      token: item.token as LeaseToken,
      outputs: new Map([...known].filter(([name]) => place.ancestors.includes(name))),
    });
  });
}
