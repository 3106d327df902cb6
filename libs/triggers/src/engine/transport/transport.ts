/** What a transport needs of the engine of its node. */
export interface TransportHost {
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
  abstract start(host: TransportHost): void;
  /** Tasks are ready that nobody has claimed, or will be after a while. */
  abstract wake(inMs: number): void;
  /** A slot became free. */
  abstract slotFreed(): void;
  /** Claims nothing more. Resolves when no claim is on its way. */
  abstract stop(): Promise<void>;
}
