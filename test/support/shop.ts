import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { DataSourceOptions } from 'typeorm';
import { boot } from './app.js';
import type { AppOptions, TestApp } from './app.js';
import { applicationDatabase, typeormOptions } from './application-database.js';
import { newDatabase } from './database.js';
import type { TestDatabase } from './database.js';
import { until } from './until.js';

/** An application with tables of its own, and entity triggers on them. */
export interface Shop {
  readonly app: TestApp;
  readonly source: DataSource;
  /** Its tables, from outside. */
  readonly own: TestDatabase;
  /** Waits until the outbox is empty and everything that it started has ended. */
  relayed(): Promise<void>;
  /** The rows of its outbox. */
  outbox(): Promise<Record<string, unknown>[]>;
}

interface ShopOptions extends AppOptions {
  readonly entities: NonNullable<DataSourceOptions['entities']>;
  /** Where its tables are. @default beside those of the module */
  readonly own?: TestDatabase;
  /** More options of TypeORM. */
  readonly typeorm?: object;
}

/** Boots it by `@nestjs/typeorm`, as applications do. */
export async function openShop({ entities, typeorm, own: elsewhere, ...options }: ShopOptions): Promise<Shop> {
  const { database: given, imports = [] } = options;
  const database = typeof given === 'string' ? await newDatabase(given) : given;
  const own = elsewhere ?? applicationDatabase(database);
  const module = TypeOrmModule.forRoot({ ...typeormOptions(own, entities, typeorm), retryAttempts: 0 });
  const app = await boot({ ...options, database, imports: [module, ...imports] });
  const outbox = (): Promise<Record<string, unknown>[]> => own.query('SELECT * FROM triggers_outbox ORDER BY id');
  const relayed = async (): Promise<void> => {
    await until(async () => (await outbox()).length === 0, 'the outbox is empty');
    await app.kit.drain();
  };
  return { app, own, outbox, relayed, source: app.nest.get(DataSource) };
}
