import { Injectable } from '@nestjs/common';
import { formatDuration } from '../model/duration.js';
import { EventBus } from '../model/events.js';
import { cleanText } from '../model/text.js';
import { recordAudit } from '../store/audit.repository.js';
import type { Work } from '../store/dialects/batch.js';
import { Store } from '../store/store.service.js';
import {
  declareTriggers,
  forgetTrigger,
  resumeTrigger,
  setTriggerCursor,
  setTriggerEnabled,
  setTriggerInterval,
} from '../store/trigger.repository.js';
import { cursorToJson } from './cursor.js';
import type { TriggerDefinition } from './trigger.definition.js';
import { HeldReleaser } from './held-releaser.service.js';
import { TriggerRegistry } from './trigger.registry.js';

/** Who changes something, why and from where. */
export interface ChangedBy {
  /** The user's id; `null` for the program itself. */
  readonly by: string | null;
  readonly reason: string | null;
  /** The network address that the request came from. */
  readonly address: string | null;
}

/**
 * What operators do to triggers. Their state is stored apart from what the code declares, so a deploy never resets it.
 * Each change and its audit record are one commit; all throw TRG_STORE_UNAVAILABLE.
 */
@Injectable()
export class TriggerControl {
  constructor(
    private readonly store: Store,
    private readonly registry: TriggerRegistry,
    private readonly events: EventBus,
    private readonly held: HeldReleaser,
  ) {}

  /** Makes the rows of triggers, or says in them that they are still declared. */
  declare(triggers: readonly TriggerDefinition[]): Promise<void> {
    return this.store.change(() => declareTriggers(triggers));
  }

  /**
   * Overrides what the code declares, in one commit; `null` goes back to the code, `undefined` leaves it. Switching
   * discards a poll that runs now, and releases what was held.
   */
  async override(name: string, { enabled, intervalMs }: TriggerChange, by: ChangedBy): Promise<void> {
    // Where this process does not declare it, the clock of a schedule that the code switches off stands still already.
    const declared = this.registry.get(name)?.enabled ?? true;
    const changes = [switchText(enabled), intervalText(intervalMs)].filter((text) => text !== null);
    await this.#change(
      name,
      { action: 'trigger.override', change: changes.join(', '), details: { enabled, intervalMs } },
      by,
      function* (): Work<void> {
        if (enabled !== undefined) yield* setTriggerEnabled(name, enabled, declared);
        if (intervalMs !== undefined) yield* setTriggerInterval(name, intervalMs);
      },
    );
    if (enabled !== undefined) void this.held.runOnce();
  }

  /** A poll that runs now is discarded. `null` starts anew. @throws TRG_POLL_CURSOR */
  setCursor(name: string, cursor: unknown, by: ChangedBy): Promise<void> {
    const json = cursor === null || cursor === undefined ? null : cursorToJson(cursor, `Trigger "${name}" was given`);
    const details = { bytes: json === null ? 0 : Buffer.byteLength(json) };
    return this.#change(name, { action: 'trigger.setCursor', change: 'cursor edited', details }, by, () =>
      setTriggerCursor(name, json),
    );
  }

  /** Ends a suspension; does nothing to a trigger that is not suspended. */
  resume(name: string, by: ChangedBy): Promise<void> {
    return this.#change(name, { action: 'trigger.resume', change: 'resumed', details: null }, by, () =>
      resumeTrigger(name),
    );
  }

  /** Deletes the row and the dedup keys of a trigger that nothing declares any more. */
  forget(name: string, by: ChangedBy): Promise<void> {
    return this.#change(name, { action: 'trigger.forget', change: 'deleted', details: null }, by, () =>
      forgetTrigger(name),
    );
  }

  async #change(
    name: string,
    what: Changed,
    { by, reason, address }: ChangedBy,
    work: () => Work<void>,
  ): Promise<void> {
    const declared = this.registry.get(name);
    await this.store.change(function* (): Work<void> {
      // A trigger that was never polled has no row yet.
      if (declared !== undefined) yield* declareTriggers([declared]);
      yield* work();
      const { action, details } = what;
      yield* recordAudit({
        actor: by ?? 'program',
        action,
        target: name,
        reason: reason === null ? null : cleanText(reason),
        address,
        details,
      });
    });
    this.events.emit('trigger.changed', { trigger: name, change: what.change, by });
  }
}

/** What an operator overrides of a trigger. */
export interface TriggerChange {
  readonly enabled?: boolean | null | undefined;
  readonly intervalMs?: number | null | undefined;
}

function switchText(enabled: boolean | null | undefined): string | null {
  if (enabled === undefined) return null;
  return enabled === null ? 'switch reset' : enabled ? 'enabled' : 'disabled';
}

function intervalText(intervalMs: number | null | undefined): string | null {
  if (intervalMs === undefined) return null;
  return intervalMs === null ? 'interval reset' : `interval ${formatDuration(intervalMs)}`;
}

interface Changed {
  readonly action: string;
  /** For the log. */
  readonly change: string;
  readonly details: Readonly<Record<string, unknown>> | null;
}
