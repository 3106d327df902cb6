import { Injectable } from '@nestjs/common';

import type { OutboxFiring } from '../../../intake/outbox-intake.service.js';
import type { ResolvedDedup, TriggerDefinition } from '../../../intake/trigger.definition.js';
import { TriggerRegistry } from '../../../intake/trigger.registry.js';
import { causedBy } from '../../../model/causation.js';
import { isTriggersError } from '../../../model/errors.js';
import { errorMessage } from '../../../model/text.js';
import type { FireItem } from '../../../model/trigger-result.js';
import { ManualFirings } from '../../manual/manual-firings.service.js';
import { isManual } from '../../manual/manual-trigger.definition.js';
import type { ManualDefinition } from '../../manual/manual-trigger.definition.js';
import type { OutboxRow } from '../outbox/outbox.js';
import { causeOf } from './change-mapper.js';
import { readProgramFiring } from './program-firing.js';
import type { ProgramFiring } from './program-firing.js';

/** Fires what programs have left in an outbox by `fire(…, { manager })`, as `fire` would have then. */
@Injectable()
export class ProgramFirings {
  constructor(
    private readonly registry: TriggerRegistry,
    private readonly manual: ManualFirings,
  ) {}

  /** What a row stands for; nothing where it was fired already. @throws TRG_STORE_UNAVAILABLE */
  async prepare(row: OutboxRow, name: string): Promise<readonly OutboxFiring[]> {
    const trigger = this.registry.get(name);
    if (trigger === undefined) return [];
    const base = { trigger, key: `outbox:${row.key}`, cause: causeOf(row) };
    let firing: ProgramFiring | undefined;
    try {
      firing = readProgramFiring(row.new ?? '');
      const { initiatedBy, reason: _reason, ...item } = firing;
      if (!isManual(trigger))
        return [
          { ...base, initiatedBy, dedup: dedupOf(trigger), what: { kind: 'fire', item: itemOf(trigger, item, row) } },
        ];
      await this.#fireManual(trigger, firing, base);
      return [];
    } catch (error) {
      if (isTriggersError(error) && (error.family === 'store' || error.family === 'engine')) throw error;
      const what = { kind: 'dead', reason: errorMessage(error), context: firing?.context } as const;
      return [{ ...base, payload: payloadOf(trigger, firing), what }];
    }
  }

  /** A manual trigger judges its input, asks its method and guards its users by itself. */
  async #fireManual(
    trigger: ManualDefinition,
    { context, initiatedBy, ...item }: ProgramFiring,
    { key, cause }: Pick<OutboxFiring, 'key' | 'cause'>,
  ): Promise<void> {
    const idempotency = { key, user: initiatedBy ?? 'outbox' };
    const fire = () => this.manual.fire(trigger, { ...item, input: context, initiatedBy, idempotency });
    await causedBy(cause, fire);
  }
}

/** What a manual trigger was sent is no context yet: its method makes that, and does so again at a replay. */
function payloadOf(trigger: TriggerDefinition, firing: ProgramFiring | undefined): string | undefined {
  return isManual(trigger) && firing !== undefined ? JSON.stringify(firing.context) : undefined;
}

/** A schedule fired by a program is no tick: it sees the moment of the write for one, and no key keeps it away. */
function itemOf({ kind }: TriggerDefinition, item: FireItem, { createdAt }: OutboxRow): FireItem {
  if (kind !== 'schedule' || Object.keys(item.context ?? {}).length > 0) return item;
  return { ...item, context: { scheduledFor: createdAt.toISOString() } };
}

function dedupOf({ kind, dedup }: TriggerDefinition): ResolvedDedup {
  return kind === 'schedule' ? { scope: 'off' } : dedup;
}
