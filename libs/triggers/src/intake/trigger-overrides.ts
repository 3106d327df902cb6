import type { Duration } from '../model/duration.js';
import { TriggersError } from '../model/errors.js';
import { quoteAll } from '../model/text.js';
import type { TriggerDefinition } from './trigger.definition.js';

/** What `forRoot({ triggers })` says of one trigger, per environment. It goes before the decorator, an operator before it. */
export interface TriggerOverride {
  /** Only where a trigger polls. @default what the decorator says */
  readonly pollInterval?: Duration;
  /** @default what the decorator says */
  readonly enabled?: boolean;
}

/** The overrides of `forRoot({ triggers })`, by the name of the trigger. */
export class TriggerOverrides {
  constructor(private readonly byName: Readonly<Record<string, TriggerOverride>> = {}) {}

  /** What is overridden of a trigger; empty if nothing is. */
  of(name: string): TriggerOverride {
    return Object.hasOwn(this.byName, name) ? (this.byName[name] ?? {}) : {};
  }

  /**
   * Overrides that meet nothing: of a trigger that nobody declares, or an interval where nothing polls. Asked once, after
   * all sources have found their triggers.
   */
  problems(declared: readonly TriggerDefinition[]): readonly TriggersError[] {
    const byName = new Map(declared.map((definition) => [definition.name, definition]));
    return Object.entries(this.byName).flatMap(([name, { pollInterval }]) => {
      const definition = byName.get(name);
      if (definition === undefined) return [unknownTrigger(name, byName.keys())];
      return pollInterval !== undefined && definition.pollIntervalMs === null ? [pollsNothing(definition)] : [];
    });
  }
}

function unknownTrigger(name: string, known: Iterable<string>): TriggersError {
  const message = `forRoot({ triggers }) overrides "${name}", but no trigger has that name. Known: ${quoteAll(known)}.`;
  return new TriggersError('TRG_DEF_INVALID_OPTION', message);
}

function pollsNothing({ name, kind }: TriggerDefinition): TriggersError {
  const message = `forRoot({ triggers }) sets "pollInterval" of "${name}", which is a ${kind} trigger and does not poll. Remove it.`;
  return new TriggersError('TRG_DEF_INVALID_OPTION', message);
}
