import { resolveInputCheck } from '../../intake/trigger-options.js';
import type { InputSchema } from '../../intake/trigger-options.js';
import type { Json } from '../../model/json.js';
import { isPlainObject } from '../../model/json.js';
import { errorMessage } from '../../model/text.js';

/** Says what is wrong with a payload, as `path: problem`; nothing when it fits. Never throws. */
export type PayloadSchema = (payload: Json) => Promise<readonly string[]>;

/**
 * The check of the option `schema`; `null` where there is none. It never transforms: what is fired is what was sent.
 *
 * @param where whose option it is: `Trigger "orders" (Orders.paid)`
 * @throws TRG_DEF_INVALID_OPTION when it is neither a class nor a Standard Schema
 */
export function payloadSchema(schema: InputSchema | undefined, where: string): PayloadSchema | null {
  if (schema === undefined) return null;
  const check = resolveInputCheck(schema, `${where}, option "schema"`);
  return async (payload) => {
    if (check.instancesOf !== undefined && !isPlainObject(payload)) return ['(payload): is no object'];
    try {
      return await check.problems(payload);
    } catch (error) {
      return [`(payload): the schema threw: ${errorMessage(error)}`];
    }
  };
}
