import type { Clock } from '../../model/clock.js';
import type { TimerRegistry } from '../../model/timer-registry.js';
import type { ClaimedTask, ReadyTask } from '../../store/claimer.js';
import type { Store } from '../../store/store.service.js';

/** What a transport needs of the engine of its node. */
export interface TransportHost {
  /** The pools whose tasks this node runs. */
  readonly pools: readonly string[];
  /** The most bodies that run at once on this node. */
  readonly concurrency: number;
  /** Places that no body has, though a claim may be on its way to some; none while this node must not claim, or a task waits that must run alone. */
  readonly freeSlots: number;
  /** While it is on, nothing is claimed in passing: a task waits that must run alone. */
  quiet(on: boolean): void;
  /** Whether nothing runs on this node. */
  isIdle(): boolean;
}

/**
 * How ready tasks reach the nodes that run them. The task's row is the truth and the outbox; a transport may lose, delay
 * or double what it carries and changes nothing but latency, because a task is claimed by compare-and-set on its row.
 */
export abstract class TaskTransport {
  /** Tasks that commits of this process leave ready are told from now on, whether it runs any or not. */
  abstract open(): void;
  /** Tasks are claimed from now on. */
  abstract start(host: TransportHost): void;
  /** Another process left tasks ready. */
  abstract noticed(): void;
  /**
   * Tasks are ready that nobody has claimed, or will be after a while. Told in the turn of a commit: must not wait.
   *
   * @param tasks those that are known; there may be more
   */
  abstract wake(inMs: number, tasks: readonly ReadyTask[]): void;
  /** The body of this task has left its slot. */
  abstract slotFreed(task: ClaimedTask): void;
  /** Claims nothing more. Resolves when no claim is on its way. What became ready is told on. */
  abstract stop(): Promise<void>;
  /** Nothing runs any more and nothing more will be told. */
  abstract close(): Promise<void>;
}

/** What a transport is made of. */
export interface TransportParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly timers: TimerRegistry;
}

/** A transport other than the default, as the option `transport` takes it. Made by a function of its own front door. */
export abstract class TransportOption {
  /**
   * Loads what it needs and checks that it goes with the database. Nothing is connected yet.
   *
   * @throws TRG_DEF_MISSING_DRIVER, TRG_DEF_INVALID_OPTION
   */
  abstract make(parts: TransportParts): Promise<TaskTransport>;
}
