import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { TriggersModule, databaseFrom } from 'nestjs-triggers';
import { bullMq } from 'nestjs-triggers/bullmq';
import { HealthController } from './node/health.controller.js';
import { SETTINGS } from './node/settings.js';
import type { NodeSettings } from './node/settings.js';
import { DeliveryService } from './orders/delivery.service.js';
import { InboxTriggers } from './orders/inbox.triggers.js';
import { OrderReport } from './orders/order-report.workflow.js';

/** The whole application. Every process is made of it: roles and pools say what it does of it. */
@Module({})
export class AppModule {
  static with(settings: NodeSettings, { autostart = true } = {}): DynamicModule {
    const { roles, pools, redis, token } = settings;
    return {
      module: AppModule,
      imports: [
        TriggersModule.forRoot({
          database: databaseFrom(settings.database),
          ...(redis !== undefined && { transport: bullMq({ connection: redis }) }),
          autostart,
          ...(roles && { roles }),
          worker: { concurrency: settings.concurrency, ...(pools && { pools }) },
          node: { name: settings.name, lease: settings.lease },
          admin: token === undefined ? {} : { token },
        }),
      ],
      controllers: [HealthController],
      providers: [{ provide: SETTINGS, useValue: settings }, InboxTriggers, OrderReport, DeliveryService],
    };
  }
}
