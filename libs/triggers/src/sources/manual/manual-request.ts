import type { Jsonify } from '../../model/json.js';

/**
 * What the method of a manual trigger is told.
 *
 * @typeParam Input what the option `input` declares; without that option nothing is known of it
 */
export interface ManualRequest<Input extends object = Record<string, unknown>> {
  /** The name of the trigger. */
  readonly trigger: string;
  /** What was sent, `{}` if nothing was. It fits `input` and has been through JSON; nothing was transformed. */
  readonly input: Jsonify<Input>;
  /** Who asked: the user of the admin API, or whom the program names; `null` for the program itself. */
  readonly initiatedBy: string | null;
  /** Why, in the words of who asked. */
  readonly reason: string | null;
  /** Nothing of this will be written: somebody tries the trigger out. */
  readonly dryRun: boolean;
}
