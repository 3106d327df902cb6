import type { Scene } from './scene.js';
import { DONE, wordsOf } from './story.js';
import type { Expected, Story } from './story.js';
import type { Answer, Event } from './ticket-system.js';

/** What stands in a ticket of this day. */
export interface Letter {
  readonly number: number;
  readonly subject: string;
  readonly body?: string;
}

/** As the ticket system writes it. */
export function payloadOf({ number, subject, body = subject }: Letter): Record<string, unknown> {
  return { ticket_id: `TKT-${number}`, customer_email: `customer-${number}@example.com`, subject, body };
}

/** A new ticket, delivered as often as its sender sees fit. */
export async function ticket(
  { ticketSystem }: Scene,
  letter: Letter,
  { wentTo, ...over }: Partial<Expected> & Pick<Expected, 'wentTo'>,
  deliver: (event: Event) => Promise<Answer[]> = (event) => ticketSystem.deliver(event),
): Promise<Story> {
  const event = ticketSystem.event(payloadOf(letter));
  const answers = await deliver(event);
  return {
    what: `TKT-${letter.number} ${letter.subject}`,
    answered: answers.map(wordsOf),
    firingId: answers.find(({ firingId }) => firingId !== null)?.firingId ?? null,
    ticketId: `TKT-${letter.number}`,
    event,
    expected: { ...DONE, wentTo, ...over },
  };
}
