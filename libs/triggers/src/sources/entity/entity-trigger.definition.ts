import type { DataSource, EntityMetadata } from 'typeorm';
import type { MethodInvoker } from '../../discovery/method-invoker.js';
import type { TriggerDefinition } from '../../intake/trigger.definition.js';
import type { EntityChange, EntityOperation } from './entity-change.js';

/** An entity trigger, checked, with every default filled in. */
export interface EntityDefinition extends TriggerDefinition {
  readonly kind: 'entity';
  readonly source: DataSource;
  readonly metadata: EntityMetadata;
  readonly on: readonly EntityOperation[];
  /** The names in the database of the columns whose updates count; `null`: all of them. */
  readonly columns: readonly string[] | null;
  readonly when: ((change: EntityChange) => boolean | Promise<boolean>) | null;
  readonly whenDisabled: 'hold' | 'refuse';
  /** Called with the `EntityChange`; returns what is fired. */
  readonly invoker: MethodInvoker;
}
