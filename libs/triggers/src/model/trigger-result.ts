const MARK = Symbol.for('nestjs-triggers:result');

/** One thing that a trigger found: the context of its executions, and what decides whether it is new. */
export interface FireItem<T extends object = object> {
  /** What the workflow's tasks see. @default {} */
  readonly context?: T | undefined;
  /** What makes it the same event as another one. @default the hash of the context */
  readonly dedupKey?: string | undefined;
  /** Not before this instant. @default now */
  readonly runAt?: Date | undefined;
  /** Higher goes first among tasks that are ready. @default 0 */
  readonly priority?: number | undefined;
}

/** Options of {@link TriggerResult.fire}. */
export interface FireOptions extends Omit<FireItem, 'context'> {
  /** Where the next poll goes on; committed together with the firing or not at all. JSON, at most 64 KiB. */
  readonly cursor?: unknown;
}

/** Options of {@link TriggerResult.fireMany}. */
export interface FireManyOptions {
  /** Where the next poll goes on; committed together with the firings or not at all. JSON, at most 64 KiB. */
  readonly cursor?: unknown;
  /** There is more to fetch: poll again at once instead of after the interval. @default false */
  readonly more?: boolean;
}

/** The most firings that one poll may return. */
export const MAX_FIRINGS_PER_POLL = 1_000;
/** The most bytes of contexts that one poll may return: 8 MiB. */
export const MAX_BYTES_PER_POLL = 8 * 1_048_576;

/**
 * What a trigger method says: fire (once or many times), or skip.
 *
 * @example return files.length === 0 ? TriggerResult.skip('inbox is empty') : TriggerResult.fire({ filename: files[0] });
 */
export class TriggerResult<T extends object = object> {
  readonly [MARK] = true;

  private constructor(
    /** Whether something fires. */
    readonly kind: 'fire' | 'skip',
    /** What fires, in order; empty for a skip. */
    readonly items: readonly FireItem<T>[],
    /** Why nothing fires. */
    readonly reason: string | null,
    /** Where the next poll goes on; `undefined` leaves the cursor as it is. */
    readonly cursor: unknown,
    /** Whether to poll again at once. */
    readonly more: boolean,
  ) {}

  /** The condition holds: start the trigger's workflows with this context. */
  static fire<C extends object = Record<never, never>>(context?: C, options: FireOptions = {}): TriggerResult<C> {
    const { cursor, ...item } = options;
    return new TriggerResult<C>('fire', [{ context, ...item }], null, cursor, false);
  }

  /**
   * Several things were found. Each is judged by itself: a bad one becomes a dead letter, the rest fire, the cursor moves.
   * At most 1,000 items or 8 MiB; beyond that the poll fails and says so.
   */
  static fireMany<C extends object>(items: readonly FireItem<C>[], options: FireManyOptions = {}): TriggerResult<C> {
    return new TriggerResult<C>('fire', items, null, options.cursor, options.more ?? false);
  }

  /** Nothing to start. The reason shows in the history of the trigger. */
  static skip(reason?: string, options: { readonly cursor?: unknown } = {}): TriggerResult<never> {
    return new TriggerResult<never>('skip', [], reason ?? null, options.cursor, false);
  }

  /** Whether a value is a result, also one made by another copy of this package. */
  static isResult(value: unknown): value is TriggerResult {
    return typeof value === 'object' && value !== null && MARK in value;
  }

  isFire(): boolean {
    return this.kind === 'fire';
  }

  isSkip(): boolean {
    return this.kind === 'skip';
  }
}
