import type { EndError } from '../../intake/end-intake.service.js';
import type { ExecutionId } from '../../model/ids.js';
import type { EndState } from '../../model/states.js';

/**
 * An execution that has ended, as a workflow trigger is told of it.
 *
 * @typeParam R the result: `EndResult<typeof FileProcessor>`
 * @typeParam S the ends that the trigger follows
 */
export interface WorkflowEnd<R = Readonly<Record<string, unknown>>, S extends EndState = EndState> {
  readonly executionId: ExecutionId;
  /** The name of its workflow. */
  readonly workflow: string;
  readonly state: S;
  /** Input and outputs, merged; of a failed or cancelled execution as far as it got. */
  readonly result: R;
  /** The error of the first task that failed; `null` when none has. */
  readonly error: EndError | null;
  /** What it was started with. */
  readonly input: Readonly<Record<string, unknown>>;
  /** The trigger that had started it; `null` when a program did. */
  readonly trigger: string | null;
  readonly finishedAt: Date;
}

/** What is fired where the method returns nothing. */
export type EndContext<R, S extends EndState> = S extends 'completed'
  ? { readonly executionId: string; readonly state: S; readonly result: R }
  : S extends 'failed'
    ? { readonly executionId: string; readonly state: S; readonly error: EndError }
    : { readonly executionId: string; readonly state: S };

/** {@link EndContext} of an end. */
export function contextOf({ executionId, state, result, error }: WorkflowEnd): object {
  if (state === 'completed') return { executionId, state, result };
  return state === 'failed' ? { executionId, state, error } : { executionId, state };
}
