import type { KeptPayload, PayloadReader } from '../../intake/payload-readers.js';
import type { ResolvedDedup, TriggerDefinition } from '../../intake/trigger.definition.js';
import { TriggersError } from '../../model/errors.js';
import type { Json, JsonObject } from '../../model/json.js';
import { errorMessage } from '../../model/text.js';
import type { TriggerResult } from '../../model/trigger-result.js';
import type { PayloadSchema } from './payload-schema.js';

/** A payload that was kept, about to be judged as an event of now would be. */
export interface Replay {
  readonly trigger: Pick<TriggerDefinition, 'name'> & { readonly schema: PayloadSchema | null };
  readonly kept: KeptPayload;
  readonly payload: Json;
  /** The method of the trigger. */
  readonly map: () => Promise<TriggerResult>;
  /** How long a key is held that the method gives. @default what the trigger says */
  readonly ownKeys?: ResolvedDedup | undefined;
}

/** What the replay of a dead letter fires: schema and method judge it. @throws TRG_CONTEXT_SCHEMA */
export async function replayedPayload({ trigger, kept, payload, map, ownKeys }: Replay): ReturnType<PayloadReader> {
  const fields = (await trigger.schema?.(payload)) ?? [];
  if (fields.length > 0) throw misfit(trigger, fields);
  const result = await mapped(trigger, map);
  if (result.isSkip()) return { skipped: result.reason ?? 'skipped' };
  return { items: result.items, deliveryKey: deliveryKeyOf(kept), ownKeys };
}

/** Why a payload that was kept still starts nothing. */
export function misfit({ name }: Replay['trigger'], fields: readonly string[]): TriggersError {
  const message = `Trigger "${name}": the payload does not fit. ${fields.join('; ')}`;
  return new TriggersError('TRG_CONTEXT_SCHEMA', message, { details: { fields } });
}

async function mapped(trigger: Replay['trigger'], map: Replay['map']): Promise<TriggerResult> {
  try {
    return await map();
  } catch (error) {
    throw misfit(trigger, [`(method): ${errorMessage(error)}`]);
  }
}

/** The key of the event: that of the dead letter, or what an item of it, which may have a key of its own, remembers. */
function deliveryKeyOf({ key, origin }: KeptPayload): string | null {
  return origin?.['item'] === undefined ? key : ((origin['delivery'] as string | null | undefined) ?? null);
}

/** What the letter of one item remembers of the event that it came in: its place, and the key of that. */
export function placeIn(delivery: string | null, item: number | undefined): JsonObject {
  return item === undefined ? {} : { item, delivery };
}
