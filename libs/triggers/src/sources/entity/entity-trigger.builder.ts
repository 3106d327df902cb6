import { Injectable } from '@nestjs/common';
import type { DataSource, EntityMetadata } from 'typeorm';
import type { DefinitionProblems } from '../../discovery/definition-problems.js';
import { TriggerBaseResolver } from '../../intake/trigger-base.resolver.js';
import { TriggersError } from '../../model/errors.js';
import { quoteAll } from '../../model/text.js';
import { nameTrigger } from '../declared-trigger.js';
import type { DeclaredTrigger } from '../declared-trigger.js';
import { ApplicationDatabases } from './application-databases.js';
import { columnsOf } from './entity-columns.js';
import { ENTITY_OPERATIONS } from './entity-change.js';
import type { EntityOperation } from './entity-change.js';
import type { EntityDefinition } from './entity-trigger.definition.js';
import { DEFAULT_ENTITY_OPTIONS } from './entity-trigger.options.js';
import type { EntityTriggerOptions } from './entity-trigger.options.js';
import { Outboxes } from './outbox/outboxes.js';
import { MAPPING_TIMEOUT_MS } from '../payload/mapping-time.js';

/** Turns the options of `@EntityTrigger` into an {@link EntityDefinition}. */
@Injectable()
export class EntityTriggerBuilder {
  constructor(
    private readonly base: TriggerBaseResolver,
    private readonly databases: ApplicationDatabases,
    private readonly outboxes: Outboxes,
  ) {}

  /** The definition, or `undefined` when it cannot stand; what is wrong went to `problems`. */
  async build(
    declared: DeclaredTrigger<EntityTriggerOptions>,
    problems: DefinitionProblems,
  ): Promise<EntityDefinition | undefined> {
    const { options, label, invoker } = declared;
    const named = nameTrigger(declared, problems);
    if (named === undefined) return undefined;
    const { where } = named;
    const attempt = <T>(check: () => T): T | undefined => problems.attempt(check);
    const base = await this.base.resolve({ ...named, options, attempt, dedupDefault: 'off' });
    const on = attempt(() => checkOperations(options.on, where));
    const whenDisabled = attempt(() => checkWhenDisabled(options.whenDisabled, where));
    const when = attempt(() => checkWhen(options.when, where));
    const source = attempt(() => this.#sourceOf(options, where));
    if (source === undefined || on === undefined || whenDisabled === undefined || when === undefined) return undefined;
    const metadata = attempt(() => tableOf(source, options, where));
    const columns = metadata && attempt(() => columnsOf(metadata, options.columns, where));
    if (metadata === undefined || columns === undefined) return undefined;
    const shown = {
      entity: metadata.name,
      table: metadata.tablePath,
      on,
      columns,
      whenDisabled: whenDisabled === 'hold' ? 'hold' : 'reject',
    };
    const own = { source, metadata, on, columns, when, whenDisabled };
    const timeoutMs = MAPPING_TIMEOUT_MS;
    return { kind: 'entity', label, invoker, pollIntervalMs: null, timeoutMs, options: shown, ...own, ...base };
  }

  #sourceOf({ entity, dataSource }: EntityTriggerOptions, where: string): DataSource {
    if (typeof (entity as unknown) !== 'function')
      throw refuse(`${where}, option "entity" is ${String(entity)}; it takes the class of an entity.`);
    const source =
      dataSource === undefined
        ? this.databases.of(entity, where)
        : this.databases.named(dataSource, `${where}, option "dataSource"`);
    this.outboxes.of(source, where);
    return source;
  }
}

function tableOf(source: DataSource, { entity }: EntityTriggerOptions, where: string): EntityMetadata {
  if (!source.hasMetadata(entity)) {
    throw new TriggersError(
      'TRG_DEF_DATA_SOURCE',
      `${where}: its DataSource does not know the entity "${entity.name}". Add it to the "entities" of that DataSource.`,
    );
  }
  const metadata = source.getMetadata(entity);
  if (metadata.tableType === 'view') throw refuse(`${where}: "${entity.name}" is a view, into which nobody writes.`);
  if (source.options.type === 'better-sqlite3' && metadata.tablePath !== metadata.tableName)
    throw refuse(`${where}: "${entity.name}" lives in an attached SQLite file, out of which nothing can be captured.`);
  return metadata;
}

function checkOperations(on: unknown, where: string): readonly EntityOperation[] {
  const given: readonly unknown[] = Array.isArray(on) ? on : [];
  const operations = ENTITY_OPERATIONS.filter((operation) => given.includes(operation));
  if (given.length > 0 && given.every((one) => operations.includes(one as EntityOperation))) return operations;
  throw refuse(
    `${where}, option "on" is ${JSON.stringify(on) ?? String(on)}; it takes a list of one or more of ${quoteAll(ENTITY_OPERATIONS)}.`,
  );
}

function checkWhenDisabled(given: unknown, where: string): EntityDefinition['whenDisabled'] {
  const whenDisabled = given ?? DEFAULT_ENTITY_OPTIONS.whenDisabled;
  if (whenDisabled === 'hold') return 'hold';
  if (whenDisabled === 'reject') return 'refuse';
  throw refuse(`${where}, option "whenDisabled" is ${JSON.stringify(given)}; it takes "hold" or "reject".`);
}

function checkWhen(when: unknown, where: string): EntityDefinition['when'] {
  if (when === undefined) return null;
  if (typeof when === 'function') return when as EntityDefinition['when'];
  throw refuse(`${where}, option "when" is ${JSON.stringify(when)}; it takes a function that returns true or false.`);
}

function refuse(message: string): TriggersError {
  return new TriggersError('TRG_DEF_INVALID_OPTION', message);
}
