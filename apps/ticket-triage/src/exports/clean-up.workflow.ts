import { Task, Workflow } from 'nestjs-triggers';
import type { TaskContext } from 'nestjs-triggers';
import { AlertsService } from '../alerts/alerts.service.js';
import { TicketRepository } from '../tickets/ticket.repository.js';
import { ExportStore } from './export.store.js';

/** What the interval fires. */
export interface DueCleanUp {
  /** ISO 8601 in UTC. */
  readonly scheduledFor: string;
}

const EXPORTS_FOR_MS = 7 * 24 * 3_600_000;
const TICKETS_FOR_MS = 365 * 24 * 3_600_000;

/** Deletes what nobody needs any more. The ledger cleans up after itself. */
@Workflow({ name: 'clean_up', description: 'old exports, old tickets', onFailure: AlertsService })
export class CleanUp {
  constructor(
    private readonly tickets: TicketRepository,
    private readonly exports: ExportStore,
  ) {}

  @Task()
  async oldExports({ data }: TaskContext<DueCleanUp>) {
    return { exports: await this.exports.deleteBefore(before(data, EXPORTS_FOR_MS)) };
  }

  @Task()
  oldTickets({ data }: TaskContext<DueCleanUp>) {
    return { tickets: this.tickets.deleteBefore(before(data, TICKETS_FOR_MS)) };
  }
}

function before({ scheduledFor }: DueCleanUp, ms: number): Date {
  return new Date(Date.parse(scheduledFor) - ms);
}
