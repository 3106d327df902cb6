import { Task, Workflow } from 'nestjs-triggers';
import type { TaskContext } from 'nestjs-triggers';
import { AlertsService } from '../alerts/alerts.service.js';
import { ClassifierClient } from '../model/classifier.client.js';
import { MODEL_CALL } from '../model/model-call.options.js';
import { NotifierService } from './notifier.service.js';
import { RouterService } from './router.service.js';
import { Ticket } from './ticket.js';
import type { Classification, Route } from './ticket.js';
import { TicketRepository } from './ticket.repository.js';

type Classified = Ticket & { readonly classification: Classification };
type Routed = Classified & { readonly route: Route };

/** From a new ticket to the team that answers it. The slow part, the model, runs here, long after the sender was answered. */
@Workflow({ name: 'ticket_triage', description: 'classify → route → notify', input: Ticket, onFailure: AlertsService })
export class TicketTriage {
  constructor(
    private readonly classifier: ClassifierClient,
    private readonly router: RouterService,
    private readonly tickets: TicketRepository,
    private readonly notifier: NotifierService,
  ) {}

  @Task(MODEL_CALL)
  async classify({ data, signal, idempotencyKey }: TaskContext<Ticket>) {
    return { classification: await this.classifier.classify(data, { signal, idempotencyKey }) };
  }

  @Task({ dependencies: ['classify'] })
  route({ data }: TaskContext<Classified>) {
    const { ticketId, customer, subject, classification } = data;
    const route = this.router.route(classification);
    const { category, urgency } = classification;
    const triagedAt = new Date().toISOString();
    this.tickets.save({ ticketId, customer, subject, category, urgency, team: route.team, triagedAt });
    return { route };
  }

  @Task({ dependencies: ['route'], timeout: '30s' })
  async notify({ data, signal, idempotencyKey }: TaskContext<Routed>) {
    const { ticketId, subject, classification, route } = data;
    const message = { ticketId, subject, ...classification, page: route.page };
    await this.notifier.send(`teams/${route.team}`, message, { signal, idempotencyKey });
  }
}
