import { Injectable, Logger } from '@nestjs/common';
import { causedBy } from '../model/causation.js';
import { Clock } from '../model/clock.js';
import { EventBus } from '../model/events.js';
import type { FiringId } from '../model/ids.js';
import type { JsonObject } from '../model/json.js';
import type { SourceKind } from '../model/states.js';
import { errorMessage } from '../model/text.js';
import { findReleasable, readHeld, releaseHeld } from '../store/held.repository.js';
import type { HeldFiring, JudgedHeld } from '../store/held.repository.js';
import { Store } from '../store/store.service.js';
import { tellStored } from './fire-outcome.js';
import { sourceOf } from './firing-source.js';
import { IntakePipe } from './intake.pipe.js';
import type { TriggerDefinition } from './trigger.definition.js';
import { TriggerRegistry } from './trigger.registry.js';

/** The kinds whose senders do not come again: their events are held while the trigger is disabled. */
const HOLDING: readonly SourceKind[] = ['webhook', 'message', 'entity'];

/**
 * Starts what was held while its trigger was disabled, and what came behind it: in the order of arrival, 100 in a commit, judged
 * once more by what the code says now. Any number of processes may do so at once; each firing is released by one.
 */
@Injectable()
export class HeldReleaser {
  readonly #logger = new Logger('triggers');
  #running: Promise<number> | undefined;

  constructor(
    private readonly store: Store,
    private readonly registry: TriggerRegistry,
    private readonly pipe: IntakePipe,
    private readonly events: EventBus,
    private readonly clock: Clock,
  ) {}

  /** Releases everything that may be released; returns how many. Never throws: the next look goes on where it failed. */
  runOnce(): Promise<number> {
    // Whoever asks for it has caused nothing of what was held.
    this.#running ??= causedBy(undefined, () => this.#releaseAll())
      .catch((error: unknown) => {
        this.#logger.warn(`What was held stays held for now: ${errorMessage(error)}`);
        return 0;
      })
      .finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #releaseAll(): Promise<number> {
    const holding = this.registry.all().filter(({ kind }) => HOLDING.includes(kind));
    if (holding.length === 0) return 0;
    let released = 0;
    for (const name of await this.store.look(() => findReleasable(holding))) {
      const trigger = this.registry.get(name);
      if (trigger !== undefined) released += await this.#attempt(trigger);
    }
    return released;
  }

  /** What one trigger cannot release is no reason to let the others wait. */
  #attempt(trigger: TriggerDefinition): Promise<number> {
    return this.#release(trigger).catch((error: unknown) => {
      this.#logger.warn(`What trigger "${trigger.name}" holds stays held for now: ${errorMessage(error)}`);
      return 0;
    });
  }

  async #release(trigger: TriggerDefinition): Promise<number> {
    let released = 0;
    for (;;) {
      const held = await this.store.look(() => readHeld(trigger.name));
      const judged = await Promise.all(held.map((firing) => this.#judge(trigger, firing)));
      const ids = await this.store.change((scope) => releaseHeld(judged, trigger.enabled, scope));
      this.#tell(judged, new Set(ids));
      released += ids.length;
      // Until none is left: what comes meanwhile is held behind the others.
      if (ids.length === 0) return released;
    }
  }

  async #judge(trigger: TriggerDefinition, { id, ...held }: HeldFiring): Promise<JudgedHeld> {
    const { context, scheduledFor, priority, hold, delivery } = held;
    const item = { context: JSON.parse(context) as JsonObject, priority };
    const source = sourceOf(trigger, { onLimit: 'delay' });
    const replayKey = hold === null ? undefined : { bytes: hold.key, label: hold.label };
    const draft = await this.pipe.draft(source, item, 'keep', { replayKey });
    const runAfterMs = Math.max(0, (scheduledFor?.getTime() ?? 0) - this.clock.now());
    return { draft: { ...draft, id, runAfterMs }, hold, delivery };
  }

  #tell(judged: readonly JudgedHeld[], released: ReadonlySet<FiringId>): void {
    for (const { draft } of judged.filter(({ draft: { id } }) => released.has(id))) {
      tellStored(this.events, { ...draft, firingId: draft.id, executionIds: draft.executions.map(({ id }) => id) });
    }
  }
}
