import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { TriggersModule } from 'nestjs-triggers';
import { FileProcessor } from './files/file-processor.workflow.js';
import { fileWatcher } from './files/file-watcher.trigger.js';
import { InboxService } from './files/inbox.service.js';
import { healthCheck } from './health/health-check.trigger.js';
import { HealthProbe } from './health/health-probe.js';
import { ServiceController } from './health/service.controller.js';
import { ServiceRecovery } from './health/service-recovery.workflow.js';
import { ServiceState } from './health/service.state.js';
import { QueueController } from './queue/queue.controller.js';
import { QueueHandler } from './queue/queue-handler.workflow.js';
import { QueueService } from './queue/queue.service.js';
import { QueueTriggers } from './queue/queue.triggers.js';
import { SETTINGS } from './settings.js';
import type { DemoSettings } from './settings.js';
import { GoodbyeService } from './terminal/goodbye.service.js';
import { NewsListener } from './terminal/news.listener.js';
import { WelcomeService } from './terminal/welcome.service.js';

/** Three triggers and the three workflows that they start. */
@Module({})
export class AppModule {
  static with(settings: DemoSettings): DynamicModule {
    return {
      module: AppModule,
      imports: [
        TriggersModule.forRoot({
          database: settings.database,
          admin: { token: settings.token },
          // `main.ts` starts them once the port is ours.
          autostart: false,
          // A demo gets killed on purpose: on Postgres its work is taken over after this time (on SQLite at once).
          node: { lease: '10s' },
        }),
      ],
      controllers: [QueueController, ServiceController],
      providers: [
        { provide: SETTINGS, useValue: settings },
        ...[InboxService, fileWatcher, FileProcessor],
        ...[QueueService, QueueTriggers, QueueHandler],
        ...[ServiceState, HealthProbe, healthCheck, ServiceRecovery],
        ...[WelcomeService, NewsListener, GoodbyeService],
      ],
    };
  }
}
