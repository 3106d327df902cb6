import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { TriggerRegistry } from '../../../intake/trigger.registry.js';
import { currentCause } from '../../../model/causation.js';
import { TriggersError } from '../../../model/errors.js';
import { programFiringToJson } from '../relay/program-firing.js';
import type { ProgramFiring } from '../relay/program-firing.js';
import { causeText } from './cause.subscriber.js';
import { FIRED, firedBy } from './outbox.js';
import type { OutboxManager } from './outbox.js';
import { Outboxes } from './outboxes.js';

/** A firing that waits for the commit of somebody's transaction. */
export interface PendingFire {
  /** Nothing is decided yet: whether it fires at all is up to the transaction, and what becomes of it to the relay. */
  readonly status: 'pending';
  /** The dedup key of the firing to come, or its second key where the trigger has one of its own. */
  readonly key: string;
}

/** Leaves firings in the outbox of an application's database, in a transaction of the application. */
@Injectable()
export class OutboxWriter {
  constructor(
    private readonly outboxes: Outboxes,
    private readonly registry: TriggerRegistry,
  ) {}

  /**
   * Adds one row. Our own database is not asked: it may be away.
   *
   * @throws TRG_API_TRIGGER_NOT_FOUND; TRG_FIRE_OUTBOX for a manager of a DataSource without an outbox; TRG_CONTEXT_*, TRG_FIRE_OPTION; and errors of the
   *   database, in the transaction of the manager
   */
  async add(manager: OutboxManager, name: string, firing: ProgramFiring): Promise<PendingFire> {
    const { bigNumbers } = this.registry.require(name);
    const outbox = this.outboxes.get(manager.dataSource);
    if (outbox === undefined) throw noOutbox(name);
    const key = randomUUID();
    const cause = currentCause();
    await outbox.add(manager, {
      key,
      entity: firedBy(name),
      operation: FIRED,
      new: programFiringToJson(firing, `Trigger "${name}"`, bigNumbers ?? undefined),
      cause: cause === undefined ? null : causeText(cause),
    });
    return { status: 'pending', key: `outbox:${key}` };
  }
}

function noOutbox(name: string): TriggersError {
  return new TriggersError(
    'TRG_FIRE_OUTBOX',
    `Trigger "${name}": the DataSource of this manager has no outbox, because no entity trigger watches it. Name it when the ` +
      'module is imported: TriggersModule.forRoot({ outbox: { dataSources: [DataSource] } }).',
  );
}
