import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { TriggersModule, databaseFrom } from 'nestjs-triggers';
import { AlertsService } from './alerts/alerts.service.js';
import { CleanUp } from './exports/clean-up.workflow.js';
import { ExportStore } from './exports/export.store.js';
import { TicketExport } from './exports/ticket-export.workflow.js';
import { ClassifierClient } from './model/classifier.client.js';
import { DailyReport } from './reports/daily-report.workflow.js';
import { SETTINGS } from './settings.js';
import type { Settings } from './settings.js';
import { NotifierService } from './tickets/notifier.service.js';
import { RouterService } from './tickets/router.service.js';
import { TicketRepository } from './tickets/ticket.repository.js';
import { TicketTriage } from './tickets/ticket-triage.workflow.js';
import { TriageTriggers } from './triage.triggers.js';

/** Four triggers and the four workflows that they start. */
@Module({})
export class AppModule {
  static with(settings: Settings): DynamicModule {
    return {
      module: AppModule,
      imports: [
        TriggersModule.forRoot({
          database: databaseFrom(settings.database),
          node: { lease: settings.lease },
          admin: { token: settings.token },
        }),
      ],
      providers: [
        { provide: SETTINGS, useValue: settings },
        TriageTriggers,
        ...[TicketTriage, ClassifierClient, RouterService, TicketRepository, NotifierService, AlertsService],
        ...[DailyReport, TicketExport, CleanUp, ExportStore],
      ],
    };
  }
}
