import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS } from '../node/settings.js';
import type { NodeSettings } from '../node/settings.js';

/** What a customer gets. */
export interface Report {
  readonly name: string;
  readonly total: number;
  readonly bestSeller: string | null;
  readonly seal: string;
  readonly vector: readonly number[];
  /** Which process ran which task. */
  readonly ranBy: Readonly<Record<string, string>>;
}

interface Call {
  readonly idempotencyKey: string;
  readonly signal: AbortSignal;
}

/** The way out of the application: to the customer's system, or to stdout where there is none. */
@Injectable()
export class DeliveryService {
  constructor(@Inject(SETTINGS) private readonly settings: NodeSettings) {}

  /** @throws Error when the customer does not take it; the task is tried again */
  async deliver(
    { name, total, bestSeller, seal, vector, ranBy, by }: Report & { readonly by: string },
    call: Call,
  ): Promise<void> {
    const report = { name, total, bestSeller, seal, vector, ranBy, by };
    const { deliverTo } = this.settings;
    if (deliverTo === undefined) {
      process.stdout.write(`${JSON.stringify(report)}\n`);
      return;
    }
    const response = await fetch(deliverTo, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': call.idempotencyKey },
      body: JSON.stringify(report),
      signal: call.signal,
    });
    if (!response.ok) throw new Error(`${deliverTo} answered ${response.status}`);
  }
}
