import { Injectable } from '@nestjs/common';
import type { FiringId } from '../model/ids.js';
import { newId } from '../model/ids.js';
import { cleanText } from '../model/text.js';
import { CHANGE } from '../store/commits/change.commit.js';
import { countFailure, forgetFailures } from '../store/delivery.repository.js';
import type { DeliveryKey } from '../store/delivery.repository.js';
import { run } from '../store/dialects/batch.js';
import type { Work } from '../store/dialects/batch.js';
import { Store } from '../store/store.service.js';
import { READ_TRIGGERS, setTriggerFailing } from '../store/trigger.repository.js';
import { explicitKey } from './dedup-key.js';
import { IntakeCounter } from './intake-counter.js';
import type { TriggerDefinition } from './trigger.definition.js';

/** What a message trigger asks of the store besides its firings. */
@Injectable()
export class MessageIntake {
  constructor(
    private readonly store: Store,
    private readonly counter: IntakeCounter,
  ) {}

  /** Whether the database did not answer the last time. */
  get isStoreAway(): boolean {
    return this.store.commits.isAway;
  }

  /** The names of those that are switched on: by an operator, else by the code. @throws TRG_STORE_UNAVAILABLE */
  async enabledOf(triggers: readonly TriggerDefinition[]): Promise<ReadonlySet<string>> {
    const names = triggers.map(({ name }) => [name]);
    const rows = await this.store.look(() => run(READ_TRIGGERS, names));
    const overrides = new Map(rows.map((row) => [row['name'], row['enabled_override']]));
    return new Set(triggers.filter((one) => Boolean(overrides.get(one.name) ?? one.enabled)).map(({ name }) => name));
  }

  /**
   * Counts that a delivery of a message has failed; returns how many of its deliveries have. While the database is away it waits.
   *
   * @param identity what identifies the message
   * @throws TRG_STORE_UNAVAILABLE when the application stops
   */
  async countFailure(trigger: string, identity: string, reason: string): Promise<number> {
    const { key, label } = identified(trigger, identity);
    const failed = { trigger, key, message: label, delivery: newId<FiringId>(), reason: cleanText(reason) };
    const failures = await this.#patiently(() => countFailure(failed));
    this.counter.fired(trigger, 'failures');
    return failures;
  }

  /** The failed deliveries of a message count no more. Never throws: what is left is pruned. */
  async forgetFailures(trigger: string, identity: string): Promise<void> {
    await this.store.change(() => forgetFailures(identified(trigger, identity))).catch(() => undefined);
  }

  /** What a trigger listens to is out of reach (`error`), or is back (`null`). Never throws: it only shows. */
  async setFailing(trigger: string, error: string | null): Promise<void> {
    await this.store.change(() => setTriggerFailing(trigger, error)).catch(() => undefined);
  }

  #patiently<R>(work: () => Work<R>): Promise<R> {
    return this.store.commits.submit(CHANGE, work) as Promise<R>;
  }
}

function identified(trigger: string, identity: string): DeliveryKey & { readonly label: string } {
  const { bytes, label } = explicitKey(identity, `Trigger "${trigger}"`);
  return { trigger, key: bytes, label };
}
