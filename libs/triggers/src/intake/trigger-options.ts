import type { ModuleRef } from '@nestjs/core';
import type { Duration } from '../model/duration.js';
import type { WorkflowContext, WorkflowRefs } from '../workflows/workflow-ref.js';

// Sources know workflows only through intake.
export type {
  EndResult,
  IsAny,
  WorkflowContext,
  WorkflowInput,
  WorkflowRef,
  WorkflowRefs,
} from '../workflows/workflow-ref.js';
export type { InputOf, InputSchema } from '../workflows/input-schema.js';
export { resolveInputCheck } from '../workflows/workflow-input.js';
export type { CheckCallbackNames } from '../workflows/task.checks.js';

/** A value, or a function that is asked for it once, when the application starts: for configuration and secrets. */
export type FromConfig<T> = T | ((ref: ModuleRef) => T | Promise<T>);

/** How long one dedup key keeps a second firing away. */
export type DedupScope = { readonly while: 'running' } | { readonly for: Duration | 'ever' } | 'off';

/** At most `limit` firings in any window of `per`. */
export interface RateLimit {
  readonly limit: number;
  readonly per: Duration;
}

/**
 * Options that every trigger decorator takes, whatever its source.
 *
 * @typeParam W the workflows, read off the option, for the type of what may be fired
 */
export interface TriggerBaseOptions<W extends WorkflowRefs = WorkflowRefs> {
  /** What is started: the class of a workflow (typed), its name, or several of them. */
  readonly workflow: W;
  /**
   * Unique in the application: a letter and up to 99 letters, digits, `_`, `.`, `-`.
   *
   * @default the method's name; for a class its name in snake_case
   */
  readonly name?: string;
  /** Names that this trigger had before; cursor, dedup keys and what waits are carried over. @default none */
  readonly aliases?: readonly string[];
  /** Whether it works after the start. `forRoot({ triggers })` and operators go before it. @default true */
  readonly enabled?: FromConfig<boolean>;
  /** `false` starts nothing and leaves a firing `filtered`. It sees the context as tasks will: after JSON. */
  readonly filter?: (context: WorkflowContext<W>) => boolean | Promise<boolean>;
  /** How many firings may start something. @default no limit */
  readonly rateLimit?: RateLimit;
  /** Beyond the limit: `delay` starts later, `skip` never. @default DEFAULT_TRIGGER_OPTIONS.onLimit */
  readonly onLimit?: 'delay' | 'skip';
  /** How long a dedup key is held. @default by the kind of the trigger */
  readonly dedup?: DedupScope;
  /** Whether the key of a failed execution is kept a while, longer each time. @default DEFAULT_TRIGGER_OPTIONS.cooldown */
  readonly cooldown?: 'exponential' | 'off';
  /** Higher goes first among tasks that are ready; a firing may say otherwise. @default DEFAULT_TRIGGER_OPTIONS.priority */
  readonly priority?: number;
  /** `'string'` turns `bigint`s of a context into text; without it they are refused. @default refused */
  readonly bigNumbers?: 'string';
}

/** The defaults of {@link TriggerBaseOptions}. */
export const DEFAULT_TRIGGER_OPTIONS = {
  aliases: [],
  enabled: true,
  onLimit: 'delay',
  cooldown: 'exponential',
  priority: 0,
} as const satisfies Partial<TriggerBaseOptions>;
