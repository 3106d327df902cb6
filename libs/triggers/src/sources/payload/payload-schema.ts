import { resolveInputCheck } from '../../intake/trigger-options.js';
import type { InputSchema } from '../../intake/trigger-options.js';
import type { Json } from '../../model/json.js';
import { isPlainObject } from '../../model/json.js';
import { errorMessage } from '../../model/text.js';

/** Says what is wrong with a payload, as `path: problem`; nothing when it fits. Never throws. */
export type PayloadSchema = (payload: Json) => Promise<readonly string[]>;

/**
 * The check of the option `schema`. It never transforms: what is fired is what was sent.
 *
 * @throws TRG_DEF_INVALID_OPTION when it is neither a class nor a Standard Schema
 */
export function payloadSchema(schema: InputSchema, where: string): PayloadSchema {
  const check = resolveInputCheck(schema, where);
  return async (payload) => {
    if (check.instancesOf !== undefined && !isPlainObject(payload)) return ['(payload): is no object'];
    try {
      return await check.problems(payload);
    } catch (error) {
      return [`(payload): the schema threw: ${errorMessage(error)}`];
    }
  };
}
