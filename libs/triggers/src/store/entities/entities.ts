import type { EntitySchema } from 'typeorm';
import { columnKinds } from './column-types.js';
import { auditEntity } from './audit.entity.js';
import { executionEntity } from './execution.entity.js';
import { firingEntity } from './firing.entity.js';
import { nodeEntity } from './node.entity.js';
import { taskEntity } from './task.entity.js';
import { tickEntity } from './tick.entity.js';
import { triggerEntity } from './trigger.entity.js';
import type { AuditRow, ExecutionRow, FiringRow, NodeRow, TaskRow, TickRow, TriggerRow } from './rows.js';

/** The entities of the store, for reading through TypeORM. */
export interface StoreEntities {
  readonly firing: EntitySchema<FiringRow>;
  readonly execution: EntitySchema<ExecutionRow>;
  readonly task: EntitySchema<TaskRow>;
  readonly trigger: EntitySchema<TriggerRow>;
  readonly tick: EntitySchema<TickRow>;
  readonly audit: EntitySchema<AuditRow>;
  readonly node: EntitySchema<NodeRow>;
}

/** Describes our tables to TypeORM. The tables themselves are made by migrations, never by `synchronize`. */
export function defineEntities(dialect: 'sqlite' | 'postgres'): StoreEntities {
  const kinds = columnKinds(dialect);
  return {
    firing: firingEntity(kinds),
    execution: executionEntity(kinds),
    task: taskEntity(kinds),
    trigger: triggerEntity(kinds),
    tick: tickEntity(kinds),
    audit: auditEntity(kinds),
    node: nodeEntity(kinds),
  };
}
