import { Injectable } from '@nestjs/common';
import { TriggersError, notFound } from '../model/errors.js';
import type { TriggerDefinition } from './trigger.definition.js';

/** Words that the admin API uses as paths; no trigger may have such a name. */
export const RESERVED_TRIGGER_NAMES: readonly string[] = [
  'executions',
  'firings',
  'dead-letters',
  'workflows',
  'events',
  'metrics',
  'nodes',
  'audit',
  'openapi.json',
  'ui',
  'session',
  'health',
  'explain',
  'docs',
  'triggers',
  'signals',
  'assets',
];

/** The triggers that this process declares, of every kind, by name. Filled at boot and by `TriggersService.register`. */
@Injectable()
export class TriggerRegistry {
  readonly #byName = new Map<string, TriggerDefinition>();

  /**
   * Adds a trigger.
   *
   * @throws TRG_DEF_DUPLICATE_TRIGGER, TRG_DEF_RESERVED_NAME
   */
  add(definition: TriggerDefinition): void {
    const { name, label } = definition;
    const other = this.#byName.get(name);
    if (other !== undefined) {
      const message = `Two triggers have the name "${name}": ${other.label} and ${label}. Give one of them another "name".`;
      throw new TriggersError('TRG_DEF_DUPLICATE_TRIGGER', message);
    }
    if (RESERVED_TRIGGER_NAMES.includes(name)) {
      const message = `${label}: a trigger cannot be called "${name}", that is a path of the admin API. Set another "name".`;
      throw new TriggersError('TRG_DEF_RESERVED_NAME', message);
    }
    this.#byName.set(name, definition);
  }

  /** Forgets a trigger that was registered at run time. */
  remove(name: string): void {
    this.#byName.delete(name);
  }

  get(name: string): TriggerDefinition | undefined {
    return this.#byName.get(name);
  }

  /** The trigger that has this name, or had it before: for what it fired under that name. */
  resolve(name: string): TriggerDefinition | undefined {
    return this.#byName.get(name) ?? this.all().find(({ aliases }) => aliases.includes(name));
  }

  /** @throws TRG_API_TRIGGER_NOT_FOUND with the names that exist */
  require(name: string): TriggerDefinition {
    const found = this.#byName.get(name);
    if (found === undefined) throw notFound('trigger', name, this.#byName.keys());
    return found;
  }

  /** Every trigger, in the order in which they were found. */
  all(): readonly TriggerDefinition[] {
    return [...this.#byName.values()];
  }
}
