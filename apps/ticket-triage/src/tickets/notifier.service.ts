import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS } from '../settings.js';
import type { Settings } from '../settings.js';

/** Where a message goes, below the address of the helpdesk. */
export type Channel = `teams/${string}` | 'alerts' | 'reports';

/** What belongs to one message. */
export interface Delivery {
  /** The helpdesk takes a message once for each key. */
  readonly idempotencyKey: string;
  readonly signal?: AbortSignal;
}

/** The way out: to the helpdesk, or to stdout where there is none. */
@Injectable()
export class NotifierService {
  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  /** @throws Error when the helpdesk does not take it */
  async send(channel: Channel, message: object, { idempotencyKey, signal }: Delivery): Promise<void> {
    const { helpdeskUrl } = this.settings;
    if (helpdeskUrl === undefined) {
      process.stdout.write(`${channel}  ${JSON.stringify(message)}\n`);
      return;
    }
    const response = await fetch(`${helpdeskUrl}/${channel}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
      body: JSON.stringify(message),
      ...(signal && { signal }),
    });
    if (!response.ok) throw new Error(`The helpdesk answered ${response.status}`);
  }
}
