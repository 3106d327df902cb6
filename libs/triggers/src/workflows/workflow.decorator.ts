import { makeInjectable } from '../discovery/make-injectable.js';
import type { AnyClass } from '../discovery/metadata.js';
import { addClassMetadata, metadataKey } from '../discovery/metadata.js';
import type {
  OnWorkflowFailure,
  OnWorkflowSuccess,
  WorkflowFailureCallback,
  WorkflowSuccessCallback,
} from './callback.types.js';
import type { InputOf, InputSchema } from './input-schema.js';
import type { CheckCallbackNames } from './task.checks.js';
import type { IsAny, WorkflowInput } from './workflow-ref.js';

/** Options of `@Workflow`. */
export interface WorkflowOptions<
  I extends InputSchema = InputSchema,
  S extends WorkflowSuccessCallback = WorkflowSuccessCallback,
  F extends WorkflowFailureCallback = WorkflowFailureCallback,
> {
  /** Unique in the application: a letter and up to 99 letters, digits, `_`, `.`, `-`. It stands in rows and URLs. */
  readonly name: string;
  /** For people, in lists and on the dashboard. @default none */
  readonly description?: string;
  /**
   * What a context must fit before an execution is made of it: a class with class-validator decorators or a Standard
   * Schema. It only checks: stored is what was fired. @default everything fits
   */
  readonly input?: I;
  /** Told after the commit that an execution has completed; at least once; its errors change nothing. */
  readonly onSuccess?: S;
  /** Told after the commit that an execution has failed; at least once; its errors change nothing. */
  readonly onFailure?: F;
}

/** What `@Workflow` leaves on a class. */
export const WORKFLOW = metadataKey<WorkflowOptions>('workflow');

type CheckInput<C, I> = [I] extends [never]
  ? unknown
  : IsAny<InputOf<I>> extends true
    ? unknown
    : InputOf<I> extends WorkflowInput<C>
      ? unknown
      : 'The declared input is not what the tasks take: compare "input" with the TaskContext<…> of the task methods.';

type CheckWorkflowClass<C extends AnyClass, I, Callbacks> = CheckCallbackNames<InstanceType<C>, Callbacks> &
  CheckInput<C, I>;

/** The decorator that {@link Workflow} makes: it fits classes that have what the options name. */
export type WorkflowDecorator<I, Callbacks> = <C extends AnyClass>(
  target: C & CheckWorkflowClass<C, I, Callbacks>,
) => void;

/**
 * Makes a class a workflow; its methods with `@Task` are the tasks. The class becomes a provider too, so `@Injectable()`
 * is not needed; list it in the `providers` of a module.
 *
 * Name, tasks and callbacks are checked when the application starts, all together.
 *
 * @param options see {@link WorkflowOptions}
 * @example
 * @Workflow({ name: 'file_processor', input: FileArrived })
 * export class FileProcessor { … }
 */
export function Workflow<
  I extends InputSchema = never,
  const S extends WorkflowSuccessCallback = OnWorkflowSuccess['onSuccess'],
  const F extends WorkflowFailureCallback = OnWorkflowFailure['onFailure'],
>(options: WorkflowOptions<I, S, F>): WorkflowDecorator<I, S | F> {
  return (target) => {
    makeInjectable(target);
    addClassMetadata(WORKFLOW, target, options as WorkflowOptions);
  };
}
