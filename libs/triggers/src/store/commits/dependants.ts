import type { LeaseToken, TaskExecutionId } from '../../model/ids.js';
import type { ClaimedTask } from '../claimer.js';
import type { CommitScope } from '../commit-kind.js';
import { runEach } from '../dialects/batch.js';
import type { Row, Work } from '../dialects/batch.js';
import { outputsOf, placeOf, readOutputs } from './claimed-task.js';
import type { EndedTask } from './ended-task.js';
import { COUNT_DEPENDENCIES, HAND_OVER } from './graph.statements.js';
import { readyTask } from './ready-task.js';

interface Waiting {
  readonly task: string;
  /** Those of its dependencies that have ended now. */
  readonly parents: [EndedTask, ...EndedTask[]];
  readonly token: LeaseToken | null;
  readonly pool: string | null;
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
  const waiting = collectDependants(wave, scope);
  const claimed: ClaimedDependant[] = [];
  const others = yield* claimInPassing(waiting, claimed, scope);
  const answer = yield* runEach(
    COUNT_DEPENDENCIES,
    others.map((item) => rowOf(item, scope)),
  );
  const left: { ended: EndedTask; reason: string }[] = [];
  answer.forEach((row, at) => {
    const item = others[at] as Waiting;
    if (row?.['state'] === 'running') return void claimed.push({ row, item });
    if (item.token !== null) scope.giveBack();
    if (row?.['state'] === 'ready') scope.leavesReady(readyTask(row, item.parents[0].facts.executionId, item.task, 0));
    if (row?.['state'] === 'skipped') left.push({ ended: skippedTask(row, item), reason: row['reason'] as string });
  });
  yield* tellClaimed(claimed, scope);
  const deaf = new Set(others.filter((_, at) => answer[at] === undefined));
  return { left, unheard: deaf.size === 0 ? [] : findUnheard(wave, waiting, deaf) };
}

/** The common case first. Returns those that it was not. */
function* claimInPassing(
  waiting: readonly Waiting[],
  claimed: ClaimedDependant[],
  scope: CommitScope,
): Work<readonly Waiting[]> {
  const likely = waiting.filter(
    ({ token, parents }) => token !== null && parents.every(({ state }) => state === 'completed'),
  );
  const answer = yield* runEach(
    HAND_OVER,
    likely.map(({ task, parents, token, pool }) => [
      parents[0].facts.executionId,
      task,
      parents.length,
      token,
      scope.claimer?.nodeId,
      pool,
    ]),
  );
  likely.forEach((item, at) => {
    const row = answer[at];
    if (row !== undefined) claimed.push({ row, item });
  });
  if (claimed.length === waiting.length) return [];
  const done = new Set(claimed.map(({ item }) => item));
  return waiting.filter((item) => !done.has(item));
}

/** Ended tasks all of whose dependants had ended before. */
function findUnheard(
  wave: readonly EndedTask[],
  waiting: readonly Waiting[],
  deaf: ReadonlySet<Waiting>,
): readonly EndedTask[] {
  const heard = new Set(waiting.flatMap((item) => (deaf.has(item) ? [] : item.parents)));
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
  return [
    facts.executionId,
    item.task,
    item.parents.length,
    counts.completed,
    counts.failed,
    counts.skipped + counts.cancelled,
    item.token,
    item.token && scope.claimer?.nodeId,
    item.pool,
  ];
}

/** Each dependant once, with a slot for it if there is one. */
function collectDependants(wave: readonly EndedTask[], scope: CommitScope): readonly Waiting[] {
  const waiting = new Map<string, Waiting>();
  for (const parent of wave) {
    for (const task of parent.dependents) {
      const { executionId, workflow, hash } = parent.facts;
      const key = `${executionId}/${task}`;
      const item = waiting.get(key);
      if (item !== undefined) {
        item.parents.push(parent);
        continue;
      }
      const pool = scope.poolOf(workflow, hash, task);
      waiting.set(key, { task, parents: [parent], pool, token: scope.reserve(workflow, hash, pool) });
    }
  }
  return [...waiting.values()];
}

function skippedTask(row: Row, { parents: [parent], task }: Waiting): EndedTask {
  return { ...parent, task, dependents: placeOf(row).dependents, state: 'skipped', error: null };
}

/**
 * Tells the engine of claimed dependants, those of one execution in the order of its tasks, with the outputs that they
 * need; what this node does not know is read.
 */
function* tellClaimed(claimed: ClaimedDependant[], scope: CommitScope): Work<void> {
  claimed.sort((a, b) => (a.row['ordinal'] as number) - (b.row['ordinal'] as number));
  const told = claimed.map(({ row, item }) => ({ row, item, place: placeOf(row), outputs: outputsOfParents(item) }));
  const unknown = told.filter(({ place, outputs }) => place.ancestors.some((name) => !outputs.has(name)));
  const read = yield* readOutputs(unknown.map(({ item }) => item.parents[0].facts.executionId));
  for (const { row, item, place, outputs } of told) {
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
