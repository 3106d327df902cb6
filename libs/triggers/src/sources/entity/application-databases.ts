import { Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { DataSource } from 'typeorm';
import type { AnyClass } from '../../discovery/metadata.js';
import { TriggersError } from '../../model/errors.js';
import { quoteAll } from '../../model/text.js';
import type { DataSourceRef } from './entity-trigger.options.js';

/** A DataSource of the application, and what it is provided under. */
interface Found {
  readonly source: DataSource;
  readonly tokens: readonly unknown[];
}

/** TypeORM marks its own, so that two copies of it know each other. */
const DATA_SOURCE = Symbol.for('DataSource');

/** The DataSources that the application provides, by `@nestjs/typeorm` or by hand; there is no import of the former. */
@Injectable()
export class ApplicationDatabases {
  constructor(private readonly modules: ModulesContainer) {}

  /**
   * The DataSource that an author means.
   *
   * @param where for messages: `Trigger "a" (B.c), option "dataSource"`
   * @throws TRG_DEF_DATA_SOURCE when there is none, or none that can be used
   */
  named(ref: DataSourceRef, where: string): DataSource {
    const all = this.#all();
    const found = all.find(({ tokens }) => tokens.some((token) => isMeant(token, ref)));
    if (found !== undefined) return usable(found.source, where);
    const names = all.map(({ tokens }) => nameOf(tokens[0]));
    throw refuse(`${where}: no provider is the DataSource "${nameOf(ref)}". Provided are: ${quoteAll(names)}.`);
  }

  /**
   * The one DataSource that knows an entity.
   *
   * @throws TRG_DEF_DATA_SOURCE when none does, several do, or it cannot be used
   */
  of(entity: AnyClass, where: string): DataSource {
    const all = this.#all();
    if (all.length === 0) {
      throw refuse(
        `${where}: the application provides no DataSource. Import TypeOrmModule.forRoot(…), or provide an initialized DataSource.`,
      );
    }
    const knowing = all.filter(({ source }) => source.isInitialized && source.hasMetadata(entity));
    const [found, other] = knowing;
    if (found === undefined) {
      throw refuse(
        `${where}: no initialized DataSource of the application knows the entity "${entity.name}". Add it to the "entities" of ` +
          'one (autoLoadEntities: forFeature), and provide a DataSource that you make yourself only when it is initialized.',
      );
    }
    if (other === undefined) return usable(found.source, where);
    const names = knowing.map(({ tokens }) => nameOf(tokens[0]));
    throw refuse(`${where}: several DataSources know "${entity.name}": ${quoteAll(names)}. Name one: dataSource: …`);
  }

  #all(): readonly Found[] {
    const found = new Map<DataSource, unknown[]>();
    for (const module of this.modules.values()) {
      for (const [token, { instance }] of module.providers) {
        if (!isDataSource(instance)) continue;
        found.set(instance, [...(found.get(instance) ?? []), token]);
      }
    }
    return [...found].map(([source, tokens]) => ({ source, tokens }));
  }
}

function isDataSource(value: unknown): value is DataSource {
  return (
    typeof value === 'object' && value !== null && (value as Record<string, unknown>)['@instanceof'] === DATA_SOURCE
  );
}

/** `@nestjs/typeorm` provides the one without a name under the class, others under `<name>DataSource`. */
function isMeant(token: unknown, ref: DataSourceRef): boolean {
  if (token === ref || token === `${String(ref)}DataSource`) return true;
  return ref === 'default' && typeof token === 'function' && token.name === 'DataSource';
}

function nameOf(token: unknown): string {
  return typeof token === 'function' ? token.name : String(token);
}

function usable(source: DataSource, where: string): DataSource {
  const { type } = source.options;
  if (type !== 'better-sqlite3' && type !== 'postgres')
    throw refuse(`${where}: its DataSource is of type "${type}"; changes are captured on better-sqlite3 and postgres.`);
  if (!source.isInitialized)
    throw refuse(`${where}: its DataSource is not initialized. Initialize it in the factory that provides it.`);
  return source;
}

function refuse(message: string): TriggersError {
  return new TriggersError('TRG_DEF_DATA_SOURCE', message);
}
