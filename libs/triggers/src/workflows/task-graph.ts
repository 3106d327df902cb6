import { hash } from 'node:crypto';
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
  const vertices = connect(tasks, resolved.ids);
  const order = topologicalOrder(vertices);
  if (order.length < tasks.length) return { graph: null, problems: [cycleError(workflow, vertices)] };
  return { graph: { tasks: order.map(toGraphTask), hash: hashOf(vertices) }, problems: [] };
}

/** A task on its way into the graph. */
interface Vertex {
  readonly task: DeclaredTask;
  /** Its place in the class. */
  readonly place: number;
  readonly dependencies: Vertex[];
  readonly dependents: Vertex[];
  /** Dependencies that have no place in the order yet. */
  open: number;
  /** Its place in the order; `null` until it has one, for ever if it is on a cycle or behind one. */
  ordinal: number | null;
  ancestors: readonly Vertex[];
}

function noTasks(workflow: string, tasks: readonly DeclaredTask[]): readonly TriggersError[] {
  if (tasks.length > 0) return [];
  const message = `Workflow "${workflow}" has no tasks. Put @Task() on at least one method of its class.`;
  return [new TriggersError('TRG_DEF_NO_TASKS', message)];
}

/** @param ids by place in the list of tasks: what each waits for */
function connect(tasks: readonly DeclaredTask[], ids: readonly (readonly string[])[]): readonly Vertex[] {
  const byId = new Map<string, Vertex>();
  for (const [place, task] of tasks.entries())
    byId.set(task.id, { task, place, dependencies: [], dependents: [], open: 0, ordinal: null, ancestors: [] });
  const vertices = [...byId.values()];
  for (const vertex of vertices) {
    for (const id of ids[vertex.place] ?? []) {
      const dependency = byId.get(id) as Vertex;
      vertex.dependencies.push(dependency);
      dependency.dependents.push(vertex);
    }
    vertex.open = vertex.dependencies.length;
  }
  return vertices;
}

/** Kahn's algorithm; tasks on a cycle, and those behind one, are left out. */
function topologicalOrder(vertices: readonly Vertex[]): readonly Vertex[] {
  const ready = new Heap<Vertex>();
  for (const vertex of vertices) if (vertex.open === 0) ready.push(vertex.place, vertex);
  const order: Vertex[] = [];
  for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
    next.ordinal = order.push(next) - 1;
    next.ancestors = inOrder(new Set(next.dependencies.flatMap((vertex) => [...vertex.ancestors, vertex])));
    for (const dependent of next.dependents) if ((dependent.open -= 1) === 0) ready.push(dependent.place, dependent);
  }
  return order;
}

function inOrder(vertices: Iterable<Vertex>): readonly Vertex[] {
  return [...vertices].sort((a, b) => (a.ordinal as number) - (b.ordinal as number));
}

function toGraphTask({ task, dependencies, dependents, ancestors }: Vertex, ordinal: number): GraphTask {
  return {
    id: task.id,
    method: task.method,
    ordinal,
    dependencies: dependencies.map(idOf),
    dependents: inOrder(dependents).map(idOf),
    ancestors: ancestors.map(idOf),
  };
}

function idOf({ task }: Vertex): string {
  return task.id;
}

function cycleError(workflow: string, vertices: readonly Vertex[]): TriggersError {
  const stuck = (among: readonly Vertex[]): Vertex => among.find(({ ordinal }) => ordinal === null) as Vertex;
  // Whatever is left waits for something that is left, so walking along the dependencies must come back.
  const path: Vertex[] = [];
  for (let vertex = stuck(vertices); ; vertex = stuck(vertex.dependencies)) {
    const start = path.indexOf(vertex);
    path.push(vertex);
    if (start < 0) continue;
    const cycle = path
      .slice(start)
      .map(({ task }) => `"${task.id}"`)
      .join(' → ');
    const message = `Workflow "${workflow}": these tasks wait for each other: ${cycle}. Take one dependency away.`;
    return new TriggersError('TRG_DEF_TASK_CYCLE', message);
  }
}

function hashOf(vertices: readonly Vertex[]): string {
  const shape = vertices
    .map(({ task: { id, runWhen }, dependencies }) => ({ dependencies: dependencies.map(idOf).sort(), id, runWhen }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  // Keys written in sorted order and texts without lone surrogates: this already is RFC 8785 canonical JSON.
  return hash('sha256', JSON.stringify(shape)).slice(0, 16);
}
