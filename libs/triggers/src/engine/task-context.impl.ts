import type { Logger } from '@nestjs/common';
import type { ExecutionId } from '../model/ids.js';
import type { JsonObject } from '../model/json.js';
import { mergeContexts } from '../model/context-merge.js';
import type { ClaimedTask, ExecutionFacts } from '../store/claimer.js';
import type { ExecutionView, TaskContext } from '../workflows/task-context.js';

/** The data of an execution as somebody sees it: the input, and outputs laid over it in order. Parsed when first asked. */
export class DataView implements ExecutionView {
  #data: JsonObject | undefined;

  constructor(
    protected readonly facts: ExecutionFacts,
    protected readonly outputs: readonly string[],
    readonly logger: Logger,
  ) {}

  get data(): never {
    this.#data ??= mergeContexts([this.facts.input, ...this.outputs].map((json) => JSON.parse(json) as JsonObject));
    return this.#data as never;
  }

  get(key: string, fallback?: unknown): never {
    const data: JsonObject = this.data;
    return (Object.hasOwn(data, key) ? data[key] : fallback) as never;
  }

  get executionId(): ExecutionId {
    return this.facts.executionId;
  }

  get workflow(): string {
    return this.facts.workflow;
  }

  get trigger(): string | null {
    return this.facts.trigger;
  }
}

/** The outputs that a task sees, in the order in which they are laid over each other. */
export function outputsSeen({ place, outputs }: ClaimedTask): string[] {
  const seen: string[] = [];
  for (const ancestor of place.ancestors) {
    const output = outputs.get(ancestor);
    if (output !== undefined && output !== null) seen.push(output);
  }
  return seen;
}

/** What the runner lends to the context of one attempt. */
export interface AttemptHandle {
  readonly taskId: string;
  readonly attempt: number;
  /** Made on first access: most bodies never look at it. */
  signal(): AbortSignal;
  progress(fraction: number, note: string | undefined): void;
}

const NOTHING_WRITTEN: ReadonlyMap<string, unknown> = new Map();

/** The context of one attempt of a task. */
export class AttemptContext extends DataView implements TaskContext {
  #written: Map<string, unknown> | undefined;

  constructor(
    facts: ExecutionFacts,
    outputs: readonly string[],
    logger: Logger,
    private readonly handle: AttemptHandle,
  ) {
    super(facts, outputs, logger);
  }

  /** What the body has `set`, in order. */
  get written(): ReadonlyMap<string, unknown> {
    return this.#written ?? NOTHING_WRITTEN;
  }

  override get(key: string, fallback?: unknown): never {
    return this.#written?.has(key) === true ? (this.#written.get(key) as never) : super.get(key, fallback);
  }

  set(key: string, value: unknown): void {
    this.#written ??= new Map();
    this.#written.set(key, value);
  }

  get taskId(): string {
    return this.handle.taskId;
  }

  get attempt(): number {
    return this.handle.attempt;
  }

  get signal(): AbortSignal {
    return this.handle.signal();
  }

  get idempotencyKey(): string {
    return `${this.facts.executionId}/${this.handle.taskId}`;
  }

  progress(fraction: number, note?: string): void {
    this.handle.progress(fraction, note);
  }
}
