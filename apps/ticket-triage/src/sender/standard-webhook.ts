import { createHmac } from 'node:crypto';

/** What is signed, besides the body. */
export interface SignedWith {
  /** `whsec_<base64>` */
  readonly secret: string;
  /** The same for every attempt at one event. */
  readonly id: string;
  /** When this attempt is made. */
  readonly at: Date;
}

/** The headers by which a sender proves itself, by Standard Webhooks: what the ticket system does before it calls us. */
export function signedHeaders(body: string, { secret, id, at }: SignedWith): Record<string, string> {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const time = String(Math.floor(at.getTime() / 1_000));
  const signature = createHmac('sha256', key).update(`${id}.${time}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': `v1,${signature}` };
}
