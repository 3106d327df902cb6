import { Global, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { TriggersModule, databaseFrom } from 'nestjs-triggers';
import { ContractsModule } from './contracts/contracts.module.js';
import { CustomersModule } from './customers/customers.module.js';
import { MailModule } from './mail/mail.module.js';
import { OrdersModule } from './orders/orders.module.js';
import { SETTINGS } from './settings.js';
import type { Settings } from './settings.js';
import { shopDatabase } from './shop-database.js';

/** A shop as there are many: TypeORM for its tables, a module for each thing that it does, triggers beside what they watch. */
@Global()
@Module({})
export class AppModule {
  static with(settings: Settings, { autostart = true } = {}): DynamicModule {
    return {
      module: AppModule,
      imports: [
        // `synchronize` is for an example; what it makes anew is watched again at once.
        TypeOrmModule.forRoot({ ...shopDatabase(settings.database), autoLoadEntities: true, synchronize: true }),
        TriggersModule.forRoot({
          database: databaseFrom(settings.ledger),
          autostart,
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
