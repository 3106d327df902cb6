import { Injectable } from '@nestjs/common';
import { CronTrigger, IntervalTrigger, ManualTrigger, WebhookTrigger, standardWebhooks } from 'nestjs-triggers';
import type { ManualRequest, WebhookEvent } from 'nestjs-triggers';
import { CleanUp } from './exports/clean-up.workflow.js';
import { ExportRequest } from './exports/export-request.js';
import { TicketExport } from './exports/ticket-export.workflow.js';
import { DailyReport } from './reports/daily-report.workflow.js';
import { SETTINGS } from './settings.js';
import type { Settings } from './settings.js';
import { TicketCreated } from './tickets/ticket-created.js';
import type { Ticket } from './tickets/ticket.js';
import { TicketTriage } from './tickets/ticket-triage.workflow.js';

/** When what happens. Each of these is committed before anybody is answered; what it starts runs afterwards, elsewhere. */
@Injectable()
export class TriageTriggers {
  /**
   * A new ticket. The ticket system signs each event by Standard Webhooks; its id, which is signed, tells an event from one that is
   * sent again, for a week. What is signed but no ticket is kept, with its payload, for somebody to look at.
   */
  @WebhookTrigger({
    workflow: TicketTriage,
    name: 'tickets',
    path: 'tickets',
    verify: standardWebhooks({ secret: (ref) => ref.get<Settings>(SETTINGS, { strict: false }).webhookSecret }),
    schema: TicketCreated,
  })
  ticketCreated({ payload }: WebhookEvent<TicketCreated>): Ticket {
    return {
      ticketId: payload.ticket_id,
      customer: payload.customer_email.toLowerCase(),
      subject: payload.subject.trim(),
      text: payload.body,
    };
  }

  /** At nine, UTC. A report that was due while everything was down is sent when it is up again; several become the latest. */
  @CronTrigger({ workflow: DailyReport, name: 'daily_report', cron: '0 9 * * *', catchUp: 'latest' })
  dailyReport(): void {}

  @IntervalTrigger({
    workflow: CleanUp,
    name: 'clean_up',
    every: (ref) => ref.get<Settings>(SETTINGS, { strict: false }).cleanUpEvery,
  })
  cleanUp(): void {}

  /** One at a time. Who clicks twice gets the first one. */
  @ManualTrigger({ workflow: TicketExport, name: 'export_tickets', input: ExportRequest, exclusive: true })
  exportTickets({ input }: ManualRequest<ExportRequest>) {
    return input;
  }
}
