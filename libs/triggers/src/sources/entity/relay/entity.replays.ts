import { Injectable } from '@nestjs/common';
import { PayloadReaders } from '../../../intake/payload-readers.js';
import type { KeptPayload, PayloadReader } from '../../../intake/payload-readers.js';
import { TriggersError } from '../../../model/errors.js';
import { errorMessage } from '../../../model/text.js';
import type { EntityDefinition } from '../entity-trigger.definition.js';
import { changeOf, readCapture } from './captured-change.js';
import { mapChange } from './mapped-change.js';
import type { MappedChange } from './mapped-change.js';

/** Dead letters of entity triggers, replayed: `when` and method judge the change that was kept, or what an operator has mended. */
@Injectable()
export class EntityReplays {
  constructor(readers: PayloadReaders) {
    readers.add('entity', (trigger, kept) => read(trigger as EntityDefinition, kept));
  }
}

async function read(trigger: EntityDefinition, kept: KeptPayload): ReturnType<PayloadReader> {
  const mapped = await mappedAgain(trigger, kept.payload);
  if (mapped.kind === 'ignored') return { skipped: 'when' };
  if (mapped.kind === 'filtered') return { skipped: mapped.reason };
  // The letter may be of one item among several: then its key ends in its place.
  return { items: mapped.items, deliveryKey: kept.key?.replace(/#\d+$/, '') ?? null };
}

async function mappedAgain(trigger: EntityDefinition, payload: string): Promise<MappedChange> {
  try {
    const captured = readCapture(payload);
    if (captured === null) throw new TypeError('a change is { operation, before, after, changedAt }');
    return await mapChange(trigger, changeOf(trigger, captured));
  } catch (error) {
    const fields = [errorMessage(error)];
    const message = `Trigger "${trigger.name}": the change does not fit. ${fields.join('; ')}`;
    throw new TriggersError('TRG_CONTEXT_SCHEMA', message, { details: { fields } });
  }
}
