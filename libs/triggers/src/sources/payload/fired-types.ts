import type { TriggerResult } from '../../model/trigger-result.js';

type Nothing = void | undefined;

/**
 * `false` for each way in which a method returns something that its workflow does not take; `never` if all fit.
 *
 * @typeParam R what the method returns
 * @typeParam D what is fired where that is nothing
 * @typeParam I what the workflow takes
 */
export type Misfits<R, D, I> =
  | ([Extract<R, Nothing>] extends [never] ? never : [D] extends [I] ? never : false)
  | (Exclude<R, Nothing> extends infer V
      ? V extends TriggerResult
        ? V extends TriggerResult<I & object>
          ? never
          : false
        : V extends I
          ? never
          : false
      : never);
