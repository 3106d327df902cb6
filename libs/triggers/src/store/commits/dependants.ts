import type { LeaseToken, TaskExecutionId } from '../../model/ids.js';
import type { ClaimedTask } from '../claimer.js';
import type { CommitScope } from '../commit-kind.js';
import { runEach } from '../dialects/batch.js';
import type { Answer, Row, Work } from '../dialects/batch.js';
import { outputsOf, placeOf, readOutputs } from './claimed-task.js';
import type { EndedTask } from './ended-task.js';
import { COUNT_DEPENDENCIES } from './graph.statements.js';

interface Waiting {
  readonly task: string;
  /** Those of its dependencies that have ended now. */
  readonly parents: [EndedTask, ...EndedTask[]];
  token: LeaseToken | null;
}

/** What became of the dependants. */
export interface CountedDependants {
  /** Dependants that were skipped: they have ended too. */
  readonly left: readonly { readonly ended: EndedTask; readonly reason: string }[];
  /** Ended tasks whose dependants had all ended before them. */
  readonly unheard: readonly EndedTask[];
}

/**
 * Counts ended tasks on their dependants, whose executions' rows are locked: readies, claims, holds or skips those that
 * waited for nothing else.
 */
export function* countOnDependants(wave: readonly EndedTask[], scope: CommitScope): Work<CountedDependants> {
  const waiting = collectDependants(wave);
  const answer = yield* runEach(
    COUNT_DEPENDENCIES,
    waiting.map((item) => rowOf(item, scope)),
  );
  const left: { ended: EndedTask; reason: string }[] = [];
  const claimed: ClaimedDependant[] = [];
  answer.forEach((row, at) => {
    const item = waiting[at] as Waiting;
    if (row?.['state'] === 'running') claimed.push({ row, item });
    else if (row?.['state'] === 'ready') scope.leavesReady();
    else if (row?.['state'] === 'skipped')
      left.push({ ended: skippedTask(row, item), reason: row['reason'] as string });
  });
  yield* handOver(claimed, scope);
  return { left, unheard: answer.includes(undefined) ? findUnheard(wave, waiting, answer) : [] };
}

function findUnheard(wave: readonly EndedTask[], waiting: readonly Waiting[], answer: Answer): EndedTask[] {
  const heard = new Set(waiting.flatMap(({ parents }, at) => (answer[at] === undefined ? [] : parents)));
  return wave.filter((task) => task.dependents.length > 0 && !heard.has(task));
}

interface ClaimedDependant {
  readonly row: Row;
  readonly item: Waiting;
}

function rowOf(item: Waiting, scope: CommitScope): unknown[] {
  const [{ facts }] = item.parents;
  const counts = { completed: 0, failed: 0, skipped: 0, cancelled: 0 };
  for (const { state } of item.parents) counts[state] += 1;
  item.token = scope.reserve(facts.workflow, facts.hash);
  return [
    facts.executionId,
    item.task,
    item.parents.length,
    counts.completed,
    counts.failed,
    counts.skipped + counts.cancelled,
    item.token,
    item.token && scope.claimer?.nodeId,
  ];
}

function collectDependants(wave: readonly EndedTask[]): readonly Waiting[] {
  const waiting = new Map<string, Waiting>();
  for (const parent of wave) {
    for (const task of parent.dependents) {
      const key = `${parent.facts.executionId}/${task}`;
      const item = waiting.get(key);
      if (item === undefined) waiting.set(key, { task, parents: [parent], token: null });
      else item.parents.push(parent);
    }
  }
  return [...waiting.values()];
}

function skippedTask(row: Row, { parents: [parent], task }: Waiting): EndedTask {
  return { ...parent, task, dependents: placeOf(row).dependents, state: 'skipped', error: null };
}

/**
 * Claimed dependants go to the engine, those of one execution in the order of its tasks, with the outputs that they need;
 * what this node does not know is read.
 */
function* handOver(claimed: ClaimedDependant[], scope: CommitScope): Work<void> {
  claimed.sort((a, b) => (a.row['ordinal'] as number) - (b.row['ordinal'] as number));
  const handed = claimed.map(({ row, item }) => ({ row, item, place: placeOf(row), outputs: outputsOfParents(item) }));
  const unknown = handed.filter(({ place, outputs }) => place.ancestors.some((name) => !outputs.has(name)));
  const read = yield* readOutputs(unknown.map(({ item }) => item.parents[0].facts.executionId));
  for (const { row, item, place, outputs } of handed) {
    const { facts } = item.parents[0];
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
      outputs: known === undefined ? outputs : outputsOf(place, known),
    });
  }
}

function outputsOfParents({ parents }: Waiting): ClaimedTask['outputs'] {
  return parents.length === 1 ? parents[0].outputs : new Map(parents.flatMap(({ outputs }) => [...outputs]));
}
