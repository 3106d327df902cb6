import type { ExecutionId, FiringId, LeaseToken, NodeId } from '../model/ids.js';
import type { ExecutionState, TaskState } from '../model/states.js';
import { hasEnded } from '../model/states.js';
import { runs } from '../store/contract/graphs.contract.js';
import type { Plan } from '../store/contract/graphs.contract.js';

/** How a body ends. */
export type Ending = 'completed' | 'failed' | 'skipped' | 'cancelled';

/** A task that a node was handed, in passing or by a claim. */
export interface Taken {
  readonly token: LeaseToken;
  readonly owner: NodeId;
}

/** A task of the model. */
export interface Task {
  readonly state: TaskState;
  readonly isHeld: boolean;
  readonly attempt: number;
  readonly rescues: number;
  readonly runAt: number;
  /** Who runs it. */
  readonly by: Taken | null;
}

/** An execution of the model; its tasks are in topological order. */
export interface Execution extends Pick<Plan, 'graph' | 'when'> {
  readonly id: ExecutionId;
  readonly firing: FiringId;
  readonly state: ExecutionState;
  /** A task of it was claimed once. */
  readonly hasStarted: boolean;
  readonly tasks: Readonly<Record<string, Task>>;
}

/** Says who was handed a task in this round. */
export type WhoTook = (id: ExecutionId, task: string) => Taken | undefined;

const FRESH: Task = { state: 'ready', isHeld: false, attempt: 1, rescues: 0, runAt: 0, by: null };
const OPEN: readonly TaskState[] = ['blocked', 'ready', 'running'];
const isOpen = ({ state }: Task): boolean => OPEN.includes(state);
const ended = (task: Task, state: TaskState): Task => ({ ...task, state, isHeld: false, by: null });

/** The execution of a firing that was just committed. */
export function begun(
  given: Pick<Execution, 'id' | 'firing' | 'graph' | 'when'>,
  now: number,
  whoTook: WhoTook,
): Execution {
  const tasks = Object.entries(given.graph).map(
    ([name, before]) => [name, { ...FRESH, runAt: now, state: before.length === 0 ? 'ready' : 'blocked' }] as const,
  );
  const execution: Execution = { ...given, state: 'pending', hasStarted: false, tasks: Object.fromEntries(tasks) };
  return claimed(execution, (_, name) => whoTook(given.id, name));
}

/** Its ready tasks that somebody took run. */
export function claimed(execution: Execution, whoTook: (task: Task, name: string) => Taken | undefined): Execution {
  let { state, hasStarted } = execution;
  const tasks = mapped(execution, (task, name) => {
    const by = task.state === 'ready' ? whoTook(task, name) : undefined;
    if (by === undefined) return task;
    hasStarted = true;
    if (state === 'pending') state = 'running';
    return { ...task, state: 'running', by };
  });
  return { ...execution, state, hasStarted, tasks };
}

/** A body has ended: what follows for those behind it, and for the execution. */
export function finished(execution: Execution, name: string, ending: Ending, now: number, whoTook: WhoTook): Execution {
  const tasks = { ...execution.tasks, [name]: ended(execution.tasks[name] as Task, ending) };
  const readied = new Set<string>();
  for (const [behind, dependencies] of Object.entries(execution.graph)) {
    const task = tasks[behind] as Task;
    const before = dependencies.map((one) => tasks[one] as Task);
    if (task.state !== 'blocked' || task.isHeld || before.some(isOpen)) continue;
    const isWanted = runs(
      execution.when[behind] ?? 'allSucceeded',
      before.map(({ state }) => state),
    );
    if (!isWanted) tasks[behind] = ended(task, 'skipped');
    else if (execution.state === 'paused') tasks[behind] = { ...task, isHeld: true };
    else {
      tasks[behind] = { ...task, state: 'ready', runAt: now };
      readied.add(behind);
    }
  }
  const went = claimed({ ...execution, tasks }, (_, one) =>
    readied.has(one) ? whoTook(execution.id, one) : undefined,
  );
  return over(went);
}

/** A task that ran goes back. */
export function putBack(execution: Execution, name: string, change: Partial<Task>): Execution {
  const isHeld = execution.state === 'paused';
  const task = {
    ...(execution.tasks[name] as Task),
    ...change,
    by: null,
    isHeld,
    state: isHeld ? 'blocked' : 'ready',
  } as const;
  return { ...execution, tasks: { ...execution.tasks, [name]: task } };
}

/** What was ready waits. */
export function paused(execution: Execution): Execution {
  const tasks = mapped(execution, (task) =>
    task.state === 'ready' ? { ...task, state: 'blocked', isHeld: true } : task,
  );
  return { ...execution, state: 'paused', tasks };
}

/** What waited for this is ready. */
export function resumed(execution: Execution): Execution {
  const tasks = mapped(execution, (task) => (task.isHeld ? { ...task, state: 'ready', isHeld: false } : task));
  return { ...execution, state: execution.hasStarted ? 'running' : 'pending', tasks };
}

/** What did not run will not. */
export function cancelled(execution: Execution): Execution {
  const tasks = mapped(execution, (task) =>
    isOpen(task) && task.state !== 'running' ? ended(task, 'cancelled') : task,
  );
  return over({ ...execution, state: 'cancelling', tasks });
}

/** Nobody can go on with it: what was ready has failed, what waited behind it will not run. */
export function stranded(execution: Execution): Execution {
  const tasks = mapped(execution, (task) => {
    if (task.state === 'ready') return ended(task, 'failed');
    return task.state === 'blocked' ? ended(task, 'cancelled') : task;
  });
  return over({ ...execution, tasks });
}

/** Goes on from what did not complete; `null`: everything did. */
export function retried(execution: Execution, now: number): Execution | null {
  const tasks: Record<string, Task> = {};
  const stays = new Set<string>();
  for (const [name, task] of Object.entries(execution.tasks)) {
    const before = execution.graph[name] ?? [];
    const isKnown = before.every((one) => stays.has(one));
    const states = before.map((one) => tasks[one]?.state as TaskState);
    const isWanted = before.length === 0 || runs(execution.when[name] ?? 'allSucceeded', states);
    if (task.state === 'completed' || (isKnown && (task.state === 'skipped' || !isWanted))) {
      stays.add(name);
      tasks[name] = task.state === 'completed' ? task : { ...task, state: 'skipped' };
    } else tasks[name] = { ...FRESH, runAt: now, state: isKnown ? 'ready' : 'blocked' };
  }
  return Object.values(tasks).some(isOpen) ? { ...execution, state: 'running', tasks } : null;
}

/** Ends with its last task. */
function over(execution: Execution): Execution {
  const tasks = Object.values(execution.tasks);
  if (hasEnded(execution.state) || tasks.some(isOpen)) return execution;
  if (execution.state === 'cancelling') return { ...execution, state: 'cancelled' };
  return { ...execution, state: tasks.some(({ state }) => state === 'failed') ? 'failed' : 'completed' };
}

function mapped({ tasks }: Execution, change: (task: Task, name: string) => Task): Execution['tasks'] {
  return Object.fromEntries(Object.entries(tasks).map(([name, task]) => [name, change(task, name)]));
}
