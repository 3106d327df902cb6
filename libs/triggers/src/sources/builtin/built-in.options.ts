import type { WorkflowInput, WorkflowRefs } from '../../intake/trigger-options.js';
import type { PollErrorFunction, TriggerOptions } from '../poll/trigger.options.js';

/**
 * The options of `@Trigger` that a built-in trigger takes. What makes two of its firings the same it knows itself.
 *
 * @typeParam W the workflows, read off the option
 */
export interface BuiltInOptions<W extends WorkflowRefs> extends Omit<
  TriggerOptions<W, PollErrorFunction>,
  'allowConcurrent' | 'dedup' | 'name'
> {
  /** Unique in the application: a letter and up to 99 letters, digits, `_`, `.`, `-`. */
  readonly name: string;
}

/** Makes what the workflow is started with of what was found. */
export interface Mapping<Item, C extends object> {
  /** Makes the context. One that throws fails the poll. @default what was found, as it is */
  readonly context?: (item: Item) => C;
}

/** The option `context`: needed where the workflow does not take what was found. */
export type ContextOption<Item, W> = [Item] extends [WorkflowInput<W>]
  ? { readonly context?: (item: Item) => WorkflowInput<W> }
  : { readonly context: (item: Item) => WorkflowInput<W> };

/** What {@link ContextOption} says, for code that does not know the workflow. */
export function mappingOf<Item extends object>({ context }: { readonly context?: unknown }): (item: Item) => object {
  return typeof context === 'function' ? (context as (item: Item) => object) : (item) => item;
}
