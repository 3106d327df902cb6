import { Global, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { TypeOrmModuleOptions } from '@nestjs/typeorm';
import { TriggersModule, databaseFrom } from 'nestjs-triggers';
import { ContractsModule } from './contracts/contracts.module.js';
import { CustomersModule } from './customers/customers.module.js';
import { MailModule } from './mail/mail.module.js';
import { OrdersModule } from './orders/orders.module.js';
import { SETTINGS } from './settings.js';
import type { Settings } from './settings.js';

/** A shop as there are many: TypeORM for its tables, a module for each thing that it does, triggers beside what they watch. */
@Global()
@Module({})
export class AppModule {
  static with(settings: Settings): DynamicModule {
    return {
      module: AppModule,
      imports: [
        // `synchronize` is for an example; what it makes anew is watched again at once.
        TypeOrmModule.forRoot({ ...typeOrm(settings.database), autoLoadEntities: true, synchronize: true }),
        TriggersModule.forRoot({
          database: databaseFrom(settings.ledger),
          node: { lease: settings.lease },
          admin: { token: settings.token },
        }),
        ...[MailModule, CustomersModule, ContractsModule, OrdersModule],
      ],
      providers: [{ provide: SETTINGS, useValue: settings }],
      exports: [SETTINGS],
    };
  }
}

/** A `postgres://` URL or the path of a SQLite file. */
function typeOrm(database: string): TypeOrmModuleOptions {
  if (/^postgres(ql)?:/.test(database)) return { type: 'postgres', url: database, connectTimeoutMS: 10_000 };
  return { type: 'better-sqlite3', database, enableWAL: true };
}
