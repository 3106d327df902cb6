import { Task, Workflow } from 'nestjs-triggers';
import type { TaskContext } from 'nestjs-triggers';
import { AlertsService } from '../alerts/alerts.service.js';
import { TicketRepository } from '../tickets/ticket.repository.js';
import { ExportRequest } from './export-request.js';
import { ExportStore } from './export.store.js';

/** Writes tickets as a file, one JSON object a line. */
@Workflow({ name: 'ticket_export', description: 'write', input: ExportRequest, onFailure: AlertsService })
export class TicketExport {
  constructor(
    private readonly tickets: TicketRepository,
    private readonly exports: ExportStore,
  ) {}

  /** The file is named after the execution: a second run of the task replaces it by the same. */
  @Task()
  async write({ data, executionId }: TaskContext<ExportRequest>) {
    const { from, to, team } = data;
    const all = this.tickets.list({ from: new Date(from), to: new Date(to) });
    const chosen = team === undefined ? all : all.filter((ticket) => ticket.team === team);
    const text = chosen.map((ticket) => `${JSON.stringify(ticket)}\n`).join('');
    return { tickets: chosen.length, file: await this.exports.write(`${executionId}.jsonl`, text) };
  }
}
