import type { ExecutionId, FiringId, NodeId } from './ids.js';
import { errorMessage } from './text.js';

interface OfTrigger {
  readonly trigger: string;
}
interface OfFiring {
  /** `null` for a direct firing. */
  readonly trigger: string | null;
  readonly firingId: FiringId;
}
interface OfExecution {
  readonly executionId: ExecutionId;
  readonly workflow: string;
}
interface OfTask extends OfExecution {
  readonly task: string;
}

/** What happens inside, by name. Told in process, after the commit, on the node where it happened; never stored. */
export interface TriggersEvents {
  /** The first failed poll after a good one. */
  'trigger.failing': OfTrigger & { readonly error: string };
  /** The first good poll after failed ones. */
  'trigger.recovered': OfTrigger & { readonly failures: number };
  /** Too many failures in a row: not polled until an operator resumes it. */
  'trigger.suspended': OfTrigger & { readonly error: string; readonly failures: number };
  /** A poll, or what the code of a trigger does with one payload, outlived its timeout and still runs. */
  'trigger.stalled': OfTrigger & { readonly timeoutMs: number };
  /** A poll's result was discarded: ownership, cursor or switch changed meanwhile. */
  'trigger.superseded': OfTrigger;
  /** An operator changed a trigger. */
  'trigger.changed': OfTrigger & { readonly change: string; readonly by: string | null };
  /** A stored instant of a trigger lay absurdly far in the future and was reset. */
  'trigger.clockReset': OfTrigger & { readonly was: string };
  /** A firing was committed with its executions. */
  'firing.accepted': OfFiring & { readonly executionIds: readonly ExecutionId[] };
  /** An event that was seen before; `firingId` is the original's. */
  'firing.duplicate': OfFiring;
  /** A firing that can start nothing; an operator decides. */
  'firing.dead': OfFiring & { readonly reason: string };
  /** A firing that did not fit the declared input. */
  'firing.rejected': OfFiring & { readonly reason: string };
  'execution.completed': OfExecution;
  'execution.failed': OfExecution & { readonly error: string };
  'execution.cancelled': OfExecution;
  /** An operator paused, resumed, cancelled or retried an execution. */
  'execution.changed': OfExecution & { readonly change: string; readonly by: string | null };
  'task.started': OfTask & { readonly attempt: number };
  /** A body told how far it is; never stored. */
  'task.progress': OfTask & { readonly fraction: number; readonly note: string | null };
  'task.completed': OfTask;
  'task.retrying': OfTask & { readonly attempt: number; readonly error: string; readonly delayMs: number };
  'task.failed': OfTask & { readonly error: string };
  'task.skipped': OfTask & { readonly reason: string };
  'task.cancelled': OfTask;
  /** A task of a dead node was put back. */
  'task.rescued': OfTask & { readonly rescues: number };
  /** A result came too late: another node owns the task now. */
  'task.refused': OfTask;
  /** A body that does not return after its signal. */
  'task.zombie': OfTask & { readonly zombies: number };
  /** A callback threw or took too long. */
  'callback.failed': OfExecution & { readonly task: string | null; readonly error: string };
  /** This process runs the engine now. */
  'node.started': { readonly nodeId: NodeId };
  /** This node's lease was lost; everything that it ran was aborted. */
  'node.leaseLost': { readonly nodeId: NodeId };
  /** More than ten bodies do not return: restart this process. */
  'node.unhealthy': { readonly nodeId: NodeId; readonly reason: string };
  /** Tasks are ready in a pool that no live node serves; they wait until one does. */
  'pool.unserved': { readonly pool: string; readonly ready: number };
  /** What a message trigger listens to cannot be reached from this node. */
  'source.away': OfTrigger & { readonly source: string; readonly error: string };
  /** It can be reached again. */
  'source.back': OfTrigger & { readonly source: string; readonly afterMs: number };
  /** The database does not answer; work is kept and tried again. */
  'store.away': { readonly error: string };
  'store.back': { readonly afterMs: number };
}

/** The name of an event. */
export type TriggersEventName = keyof TriggersEvents;

/** An event together with its name. */
export type TriggersEvent<N extends TriggersEventName = TriggersEventName> = {
  [K in N]: { readonly name: K; readonly at: Date } & TriggersEvents[K];
}[N];

type Listener = (event: TriggersEvent) => void;

interface Subscription {
  readonly listener: Listener;
  /** `null`: every event. */
  readonly names: ReadonlySet<TriggersEventName> | null;
}

/**
 * Tells events to whoever listens, in the order of subscription. A listener that throws harms nobody; an event that nobody
 * listens to costs next to nothing.
 */
export class EventBus {
  readonly #subscriptions = new Set<Subscription>();
  /** Who listens to an event, once it was asked. */
  readonly #listeners = new Map<TriggersEventName, readonly Listener[]>();

  constructor(
    private readonly now: () => number,
    private readonly onListenerError: (message: string) => void,
  ) {}

  /**
   * Listens to events; call the returned function to stop.
   *
   * @param names the events to listen to. @default every event
   */
  subscribe<N extends TriggersEventName = TriggersEventName>(
    listener: (event: TriggersEvent<N>) => void,
    names?: Iterable<N>,
  ): () => void {
    const subscription = {
      listener: listener as unknown as Listener,
      names: names === undefined ? null : new Set(names),
    };
    this.#subscriptions.add(subscription);
    this.#listeners.clear();
    return () => {
      this.#subscriptions.delete(subscription);
      this.#listeners.clear();
    };
  }

  emit<N extends TriggersEventName>(name: N, payload: TriggersEvents[N]): void {
    const listeners = this.#listeners.get(name) ?? this.#listenersOf(name);
    if (listeners.length === 0) return;
    const event = { name, at: new Date(this.now()), ...payload } as unknown as TriggersEvent;
    for (const listener of listeners) {
      try {
        listener(event);
      } catch (error) {
        this.onListenerError(`A listener of "${name}" failed: ${errorMessage(error)}`);
      }
    }
  }

  #listenersOf(name: TriggersEventName): readonly Listener[] {
    const listeners = [...this.#subscriptions].flatMap(({ listener, names }) =>
      names === null || names.has(name) ? [listener] : [],
    );
    this.#listeners.set(name, listeners);
    return listeners;
  }
}
