import type { AnyClass } from '../../discovery/metadata.js';
import { DEFAULT_TRIGGER_OPTIONS } from '../../intake/trigger-options.js';
import type { TriggerBaseOptions, WorkflowRefs } from '../../intake/trigger-options.js';
import type { EntityChange, EntityField, EntityOperation } from './entity-change.js';

/** The operations that a trigger listens to. */
export type EntityOperations = readonly [EntityOperation, ...EntityOperation[]];

/** What a class of an entity makes. */
export type EntityOf<C> = C extends abstract new (...args: never[]) => infer Entity ? Entity : never;

/**
 * Which DataSource is meant: the name that `@nestjs/typeorm` knows it by, or whatever token it is provided under.
 *
 * @example dataSource: 'reports' // TypeOrmModule.forRoot({ name: 'reports', … })
 */
export type DataSourceRef = string | symbol | AnyClass;

/** Options of `@EntityTrigger`. */
export interface EntityTriggerOptions<
  W extends WorkflowRefs = WorkflowRefs,
  C extends AnyClass = AnyClass,
  O extends EntityOperations = EntityOperations,
> extends TriggerBaseOptions<W> {
  /** The class of the entity. */
  readonly entity: C;
  /** What it listens to: `insert`, `update`, `remove`, or several of them. */
  readonly on: O;
  /**
   * Only updates that change one of these count; the database itself drops the others. Inserts and removes always count.
   *
   * @default every column: an update that changes nothing is not told
   */
  readonly columns?: readonly EntityField<EntityOf<C>>[];
  /** `false` leaves no record at all. What it throws makes a dead letter. @default every change counts */
  readonly when?: (change: EntityChange<EntityOf<C>, O[number]>) => boolean | Promise<boolean>;
  /** Needed where several DataSources know the entity. @default the one that knows it */
  readonly dataSource?: DataSourceRef;
  /** While it is disabled: changes wait, at most 10,000 in our database and the others in yours, or are dropped. @default DEFAULT_ENTITY_OPTIONS.whenDisabled */
  readonly whenDisabled?: 'hold' | 'reject';
}

/** The defaults of {@link EntityTriggerOptions}. */
export const DEFAULT_ENTITY_OPTIONS = {
  ...DEFAULT_TRIGGER_OPTIONS,
  whenDisabled: 'hold',
} as const satisfies Partial<EntityTriggerOptions>;

/** What of the application's databases is used beyond what its entity triggers need. */
export interface OutboxOptions {
  /**
   * DataSources that get an outbox although no entity trigger watches them: `fire(…, { manager })` needs one.
   *
   * @example outbox: { dataSources: [DataSource] }
   */
  readonly dataSources?: readonly DataSourceRef[];
}
