import { Injectable, Logger } from '@nestjs/common';
import type { OutboxFiring } from '../../../intake/outbox-intake.service.js';
import { causedBy } from '../../../model/causation.js';
import type { Cause } from '../../../model/causation.js';
import { Clock } from '../../../model/clock.js';
import { MAX_CONTEXT_BYTES } from '../../../model/context.js';
import type { ExecutionId } from '../../../model/ids.js';
import { errorMessage } from '../../../model/text.js';
import { mappedInTime } from '../../payload/mapping-time.js';
import type { EntityDefinition } from '../entity-trigger.definition.js';
import type { OutboxRow } from '../outbox/outbox.js';
import { capturedBy, changeOf } from './captured-change.js';
import { mapChange } from './mapped-change.js';
import type { MappedChange } from './mapped-change.js';

/** Turns outbox rows into what is fired. What a trigger cannot make sense of becomes its dead letter, with the change as payload. */
@Injectable()
export class ChangeMapper {
  readonly #logger = new Logger('triggers');

  constructor(private readonly clock: Clock) {}

  /** What one trigger makes of one row: nothing, something, or several things. Never throws. */
  async map(trigger: EntityDefinition, row: OutboxRow): Promise<readonly OutboxFiring[]> {
    let payload: string | undefined;
    const cause = causeOf(row);
    const base = { trigger, whenDisabled: trigger.whenDisabled, cause };
    const key = `outbox:${row.key}`;
    try {
      const captured = capturedBy(trigger, row);
      if (captured === null) return [];
      payload = kept(JSON.stringify(captured));
      const map = (): Promise<MappedChange> => mapChange(trigger, changeOf(trigger, captured));
      const mapped = await mappedInTime(causedBy(cause, map), trigger, this.clock);
      if (mapped.kind === 'ignored') return [];
      if (mapped.kind === 'filtered') return [{ ...base, key, what: mapped }];
      const { items } = mapped;
      return items.map((item, at) => {
        return { ...base, payload, key: items.length === 1 ? key : `${key}#${at}`, what: { kind: 'fire', item } };
      });
    } catch (error) {
      const reason = `${trigger.label} failed: ${errorMessage(error)}`;
      this.#logger.error(`Trigger "${trigger.name}" keeps a dead letter: ${reason}`);
      return [{ ...base, key, payload, what: { kind: 'dead', reason } }];
    }
  }
}

/** Who wrote a row; `undefined` where nobody knows. */
export function causeOf({ cause }: OutboxRow): Cause | undefined {
  const [executionId = '', depth = ''] = cause?.split(':') ?? [];
  if (executionId === '' || !/^\d{1,9}$/.test(depth)) return undefined;
  return { executionId: executionId as ExecutionId, depth: Number(depth) };
}

/** A larger one would make the ledger large; what is too large to be fired cannot be replayed either. */
function kept(payload: string): string | undefined {
  return Buffer.byteLength(payload) > MAX_CONTEXT_BYTES ? undefined : payload;
}
