import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS } from '../settings.js';
import type { Settings } from '../settings.js';

/** Something that somebody is told. */
export interface Mail {
  readonly to: string;
  readonly about: string;
  readonly text: string;
}

/** What of the task that sends a mail belongs to it. */
export interface Sender {
  readonly executionId: string;
  /** The post takes a mail once for each key. */
  readonly idempotencyKey: string;
  readonly signal: AbortSignal;
}

/** The way out: to whoever takes mail, or to stdout where there is nobody. */
@Injectable()
export class MailService {
  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  /** @throws Error when it is not taken */
  async send(mail: Mail, { executionId, idempotencyKey, signal }: Sender): Promise<void> {
    const { mailUrl } = this.settings;
    if (mailUrl === undefined) {
      process.stdout.write(`${new Date().toISOString().slice(11, 19)}  ${mail.about} → ${mail.to}: ${mail.text}\n`);
      return;
    }
    const response = await fetch(mailUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
      body: JSON.stringify({ ...mail, executionId }),
      signal,
    });
    if (!response.ok) throw new Error(`The post answered ${response.status}`);
  }
}
