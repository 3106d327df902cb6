import type { TriggerRecord } from '../history/trigger.types.js';
import type { HistoryService } from '../history/history.service.js';
import type { TriggerDefinition } from '../intake/trigger.definition.js';
import type { TriggerRegistry } from '../intake/trigger.registry.js';
import { TriggersError, notFound } from '../model/errors.js';
import type { PollControl } from '../sources/poll/poll-control.service.js';
import type { TriggerSources } from './trigger.state.js';

/** As {@link TriggerSources}, of a trigger that this process declares. */
export type DeclaredSources = TriggerSources & { readonly definition: TriggerDefinition };

/** Brings together what is known of triggers: what is declared here, what is stored, what the poller counts. */
export class TriggerLookup {
  constructor(
    private readonly registry: TriggerRegistry,
    private readonly history: HistoryService,
    private readonly poller: PollControl,
  ) {}

  /** Every trigger, declared or only stored, by name. */
  async all(): Promise<readonly TriggerSources[]> {
    const records = new Map((await this.history.triggers()).map((record) => [record.name, record]));
    const names = new Set([...this.#declared(), ...records.keys()]);
    return [...names].sort().map((name) => this.#merge(name, records.get(name)));
  }

  /** @throws TRG_API_TRIGGER_NOT_FOUND for one that is neither declared nor stored */
  async find(name: string): Promise<TriggerSources> {
    const record = (await this.history.trigger(name)) ?? undefined;
    const sources = this.#merge(name, record);
    if (sources.definition === undefined && record === undefined) throw notFound('trigger', name, this.#declared());
    return sources;
  }

  /** @throws TRG_API_TRIGGER_NOT_FOUND, TRG_API_CONFLICT for one that only other processes declare */
  async declared(name: string): Promise<DeclaredSources> {
    const { definition, ...sources } = await this.find(name);
    if (definition !== undefined) return { ...sources, definition };
    throw conflict(`Trigger "${name}" is stored, but this process does not declare it. Ask a process that does.`);
  }

  #merge(name: string, record: TriggerRecord | undefined): TriggerSources {
    return { name, definition: this.registry.get(name), record, live: this.poller.live(name) };
  }

  #declared(): readonly string[] {
    return this.registry.all().map(({ name }) => name);
  }
}

/** The error of something that a trigger's present state does not allow. */
export function conflict(message: string): TriggersError {
  return new TriggersError('TRG_API_CONFLICT', message);
}
