import { Task, Workflow } from 'nestjs-triggers';
import type { TaskContext } from 'nestjs-triggers';
import { AlertsService } from '../alerts/alerts.service.js';
import { NotifierService } from '../tickets/notifier.service.js';
import { TicketRepository } from '../tickets/ticket.repository.js';

/** What a schedule fires. */
export interface DueReport {
  /** The end of the day that is reported, ISO 8601 in UTC. */
  readonly scheduledFor: string;
}

const DAY_MS = 24 * 3_600_000;

/** What the teams got in the 24 hours before the report was due; whenever it really runs. */
@Workflow({ name: 'daily_report', description: 'count → send', onFailure: AlertsService })
export class DailyReport {
  constructor(
    private readonly tickets: TicketRepository,
    private readonly notifier: NotifierService,
  ) {}

  @Task()
  count({ data }: TaskContext<DueReport>) {
    const to = new Date(data.scheduledFor);
    return { tickets: this.tickets.countByTeam({ from: new Date(to.getTime() - DAY_MS), to }) };
  }

  @Task({ dependencies: ['count'], timeout: '30s' })
  async send({ data, signal, idempotencyKey }: TaskContext<DueReport & { readonly tickets: Record<string, number> }>) {
    await this.notifier.send(
      'reports',
      { until: data.scheduledFor, tickets: data.tickets },
      { signal, idempotencyKey },
    );
  }
}
