import { createHash } from 'node:crypto';
import { TriggersError } from '../model/errors.js';
import { Heap } from '../model/heap.js';
import { duplicateIds, resolveDependencies } from './task-dependencies.js';
import type { DeclaredTask } from './task-dependencies.js';

/** A task in its graph. */
export interface GraphTask {
  readonly id: string;
  readonly method: string;
  /** Its place in topological order. */
  readonly ordinal: number;
  /** The ids that it waits for, each once, in the order in which they were declared. */
  readonly dependencies: readonly string[];
  /** The ids that wait for it, in topological order. */
  readonly dependents: readonly string[];
  /** Everything that ends before it, in topological order. */
  readonly ancestors: readonly string[];
}

/** The tasks of a workflow in the order in which they may run, and the hash of their shape. */
export interface TaskGraph {
  /** Topological order; among tasks that could both be next, the order in which they were given. */
  readonly tasks: readonly GraphTask[];
  /** SHA-256 over ids, dependencies and `runWhen`, in no order: 16 hex digits. */
  readonly hash: string;
}

/** A graph, or everything that keeps the tasks from being one. */
export type TaskGraphResult =
  | { readonly graph: TaskGraph; readonly problems: readonly [] }
  | { readonly graph: null; readonly problems: readonly TriggersError[] };

/**
 * The graph of the tasks of one workflow. Nothing is thrown: the problems are TRG_DEF_NO_TASKS, TRG_DEF_DUPLICATE_TASK,
 * TRG_DEF_UNKNOWN_DEPENDENCY, and TRG_DEF_TASK_CYCLE, which names one cycle.
 *
 * @param workflow its name, for messages
 * @param tasks in the order of the methods
 */
export function buildTaskGraph(workflow: string, tasks: readonly DeclaredTask[]): TaskGraphResult {
  const resolved = resolveDependencies(workflow, tasks);
  const problems = [...noTasks(workflow, tasks), ...duplicateIds(workflow, tasks), ...resolved.problems];
  if (problems.length > 0) return { graph: null, problems };
  const dependencies = new Map(tasks.map((task, place) => [task.id, resolved.ids[place] ?? []]));
  const order = topologicalOrder(dependencies);
  if (order.length < tasks.length) return { graph: null, problems: [cycleError(workflow, dependencies, order)] };
  return { graph: { tasks: linkTasks(tasks, dependencies, order), hash: hashOf(tasks, dependencies) }, problems: [] };
}

type Dependencies = ReadonlyMap<string, readonly string[]>;

function noTasks(workflow: string, tasks: readonly DeclaredTask[]): readonly TriggersError[] {
  if (tasks.length > 0) return [];
  const message = `Workflow "${workflow}" has no tasks. Put @Task() on at least one method of its class.`;
  return [new TriggersError('TRG_DEF_NO_TASKS', message)];
}

/** Kahn's algorithm; tasks on a cycle, and those behind one, are left out. */
function topologicalOrder(dependencies: Dependencies): readonly string[] {
  const ids = [...dependencies.keys()];
  const place = new Map(ids.map((id, index) => [id, index]));
  const dependents = dependentsOf(dependencies);
  const open = ids.map((id) => dependencies.get(id)?.length ?? 0);
  const ready = new Heap<number>();
  open.forEach((count, index) => count === 0 && ready.push(index, index));
  const order: string[] = [];
  for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
    const id = ids[next] as string;
    order.push(id);
    for (const dependent of dependents.get(id) ?? []) {
      const index = place.get(dependent) as number;
      open[index] = (open[index] as number) - 1;
      if (open[index] === 0) ready.push(index, index);
    }
  }
  return order;
}

function dependentsOf(dependencies: Dependencies): ReadonlyMap<string, readonly string[]> {
  const dependents = new Map<string, string[]>([...dependencies.keys()].map((id) => [id, []]));
  for (const [id, needed] of dependencies) for (const dependency of needed) dependents.get(dependency)?.push(id);
  return dependents;
}

function linkTasks(
  tasks: readonly DeclaredTask[],
  needs: Dependencies,
  order: readonly string[],
): readonly GraphTask[] {
  const ordinals = new Map(order.map((id, ordinal) => [id, ordinal]));
  const inOrder = (ids: Iterable<string>): string[] =>
    [...ids].sort((a, b) => (ordinals.get(a) as number) - (ordinals.get(b) as number));
  const dependents = dependentsOf(needs);
  const ancestors = ancestorsOf(needs, order);
  return inOrder(order).map((id, ordinal) => ({
    id,
    method: tasks.find((task) => task.id === id)?.method ?? id,
    ordinal,
    dependencies: needs.get(id) ?? [],
    dependents: inOrder(dependents.get(id) ?? []),
    ancestors: inOrder(ancestors.get(id) ?? []),
  }));
}

function ancestorsOf(dependencies: Dependencies, order: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
  const ancestors = new Map<string, ReadonlySet<string>>();
  for (const id of order) {
    const needed = dependencies.get(id) ?? [];
    ancestors.set(id, new Set(needed.flatMap((dependency) => [dependency, ...(ancestors.get(dependency) ?? [])])));
  }
  return ancestors;
}

function cycleError(workflow: string, dependencies: Dependencies, ordered: readonly string[]): TriggersError {
  const done = new Set(ordered);
  const stuck = (ids: Iterable<string>): string => [...ids].find((id) => !done.has(id)) as string;
  // Whatever is left waits for something that is left, so walking along the dependencies must come back.
  const path: string[] = [];
  for (let id = stuck(dependencies.keys()); ; id = stuck(dependencies.get(id) ?? [])) {
    const start = path.indexOf(id);
    path.push(id);
    if (start < 0) continue;
    const cycle = path
      .slice(start)
      .map((task) => `"${task}"`)
      .join(' → ');
    const message = `Workflow "${workflow}": these tasks wait for each other: ${cycle}. Take one dependency away.`;
    return new TriggersError('TRG_DEF_TASK_CYCLE', message);
  }
}

function hashOf(tasks: readonly DeclaredTask[], dependencies: Dependencies): string {
  const shape = tasks
    .map(({ id, runWhen }) => ({ dependencies: [...(dependencies.get(id) ?? [])].sort(), id, runWhen }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  // Keys written in sorted order and texts without lone surrogates: this already is RFC 8785 canonical JSON.
  return createHash('sha256').update(JSON.stringify(shape)).digest('hex').slice(0, 16);
}
