import { createHmac } from 'node:crypto';

/** What the sender of events and the webhook of the worker agree upon. */
export const WEBHOOK = {
  path: 'delivered',
  header: 'x-signature',
  idHeader: 'x-event-id',
  /** No time is signed: the clock of a worker may be off by a day. */
  template: '{id}.{body}',
  secret: 'a-secret-of-the-chaos',
} as const;

/** The headers of an event: its id and the signature over both. */
export function signed(id: string, body: string): Readonly<Record<string, string>> {
  const signature = createHmac('sha256', WEBHOOK.secret).update(`${id}.${body}`).digest('hex');
  return { [WEBHOOK.idHeader]: id, [WEBHOOK.header]: signature };
}
