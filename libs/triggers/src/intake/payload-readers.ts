import { Injectable } from '@nestjs/common';
import type { JsonObject } from '../model/json.js';
import type { SourceKind } from '../model/states.js';
import type { FireItem } from '../model/trigger-result.js';
import type { Row } from '../store/dialects/batch.js';
import type { ReplayRequest } from './fire.types.js';
import type { ResolvedDedup, TriggerDefinition } from './trigger.definition.js';

/** What was kept of something that could not be fired. */
export interface KeptPayload {
  /** As the sender sent it, or as an operator has edited it. */
  readonly payload: string;
  readonly origin: JsonObject | null;
  /** The dedup key of the dead letter, as people see it. */
  readonly key: string | null;
  /** Who asks for the replay, and why. */
  readonly by: Pick<ReplayRequest, 'initiatedBy' | 'reason'>;
}

/** What a kept payload fires. */
export interface ReadPayload {
  /** An item without a key has that of the dead letter; several have that of the delivery and their place. */
  readonly items: readonly FireItem[];
  readonly deliveryKey: string | null;
  /** How long the keys of items are held that have their own. @default what the trigger says */
  readonly ownKeys?: ResolvedDedup | undefined;
}

/**
 * Makes of a kept payload what is fired, as if it came now: schema, mapping, everything before intake. A reason instead: nothing is to
 * be fired.
 *
 * @throws TRG_CONTEXT_SCHEMA and others for a payload that still does not fit
 */
export type PayloadReader = (
  trigger: TriggerDefinition,
  kept: KeptPayload,
) => Promise<ReadPayload | { readonly skipped: string }>;

/** What a reader is told of a firing, by its row. @param payload as it is to be read */
export function keptOf(row: Row, payload: string, { initiatedBy, reason }: ReplayRequest): KeptPayload {
  const origin = JSON.parse((row['origin'] as string | null | undefined) ?? 'null') as JsonObject | null;
  return { payload, origin, key: row['dedup_label'] as string | null, by: { initiatedBy, reason } };
}

/** Who can read the payloads of a kind of triggers; where nobody can, the payload is the context. */
@Injectable()
export class PayloadReaders {
  readonly #byKind = new Map<SourceKind, PayloadReader>();

  /** Said by a source whose payloads are not contexts. */
  add(kind: SourceKind, reader: PayloadReader): void {
    this.#byKind.set(kind, reader);
  }

  get(kind: SourceKind): PayloadReader | undefined {
    return this.#byKind.get(kind);
  }
}
