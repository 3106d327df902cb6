import type { TriggerBaseOptions, WorkflowRef, WorkflowRefs } from '../../intake/trigger-options.js';
import type { EndState } from '../../model/states.js';

/** One end of executions, or several. */
export type Ends = EndState | readonly [EndState, ...EndState[]];

/**
 * Options of `@WorkflowTrigger`.
 *
 * @typeParam S the workflow that is followed
 * @typeParam O the ends that count
 * @typeParam W what is started
 */
export interface WorkflowTriggerOptions<
  S extends WorkflowRef = WorkflowRef,
  O extends Ends = Ends,
  W extends WorkflowRefs = WorkflowRefs,
> extends Omit<TriggerBaseOptions<W>, 'workflow'> {
  /** The workflow that is followed: its class (typed) or its name. */
  readonly workflow: S;
  /** The ends that count: `completed`, `failed`, `cancelled`, or several of them. */
  readonly on: O;
  /** What is started: the class of a workflow (typed), its name, or several of them. */
  readonly start: W;
}
