import { contextToJson } from '../model/context.js';
import { TriggersError, isTriggersError } from '../model/errors.js';
import type { JsonObject } from '../model/json.js';
import { errorMessage } from '../model/text.js';
import type { InputCheck } from '../workflows/workflow.definition.js';
import type { TriggerDefinition } from './trigger.definition.js';

// Sources know workflows only through intake.
export { resolveInputCheck } from '../workflows/workflow-input.js';
export type { InputOf, InputSchema } from '../workflows/input-schema.js';
export type { InputCheck } from '../workflows/workflow.definition.js';

/** What somebody sent to a trigger, judged. */
export interface JudgedInput {
  /** After JSON, like every context. */
  readonly value: JsonObject;
  /** Its JSON text. */
  readonly json: string;
}

/**
 * What a declared input finds wrong.
 *
 * @param what what is judged, for the message: `Trigger "inbox": the context`
 * @throws TRG_CONTEXT_SCHEMA when the check itself throws: then nobody knows whether it fits
 */
export async function problemsOf(check: InputCheck, value: JsonObject, what: string): Promise<readonly string[]> {
  try {
    return await check.problems(value);
  } catch (cause) {
    if (isTriggersError(cause)) throw cause;
    throw new TriggersError('TRG_CONTEXT_SCHEMA', `${what}: its check threw: ${errorMessage(cause)}`, { cause });
  }
}

/**
 * Judges what somebody sent to a trigger that declares its own input, before the trigger's method sees it.
 *
 * @param check the declared input; `null` checks the rules of every context only
 * @throws TRG_CONTEXT_SCHEMA with `details.fields`, and TRG_CONTEXT_* for what no context may be
 */
export async function judgeInput(
  { name, bigNumbers }: Pick<TriggerDefinition, 'name' | 'bigNumbers'>,
  check: InputCheck | null,
  input: unknown,
): Promise<JudgedInput> {
  const what = `Trigger "${name}": the input`;
  const json = contextToJson(input, {
    what,
    bigNumbers: bigNumbers ?? undefined,
    ...(check?.instancesOf && { instancesOf: check.instancesOf }),
  });
  const value = JSON.parse(json) as JsonObject;
  const problems = check === null ? [] : await problemsOf(check, value, what);
  if (problems.length === 0) return { value, json };
  const message = `${what} does not fit what the trigger declares. ${problems.join('; ')}`;
  throw new TriggersError('TRG_CONTEXT_SCHEMA', message, { details: { fields: problems } });
}
