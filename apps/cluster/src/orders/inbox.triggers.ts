import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { Trigger, TriggerResult } from 'nestjs-triggers';
import { SETTINGS } from '../node/settings.js';
import type { NodeSettings } from '../node/settings.js';
import type { OrderFile } from './order-file.js';
import { OrderReport } from './order-report.workflow.js';

const ORDER = /^[^.].*\.(csv|json)$/;

/**
 * Fires once for every file of the inbox. Every process declares it, one scheduler polls it; when that dies, whoever takes over
 * sees the same folder and the same keys: a name that has fired never fires again.
 *
 * It offers the whole folder each time, which is simple and right for a few hundred files. apps/demo shows how a cursor saves
 * that work.
 */
@Injectable()
export class InboxTriggers {
  constructor(@Inject(SETTINGS) private readonly settings: NodeSettings) {}

  @Trigger({ workflow: OrderReport, name: 'inbox', pollInterval: '1s', dedup: { for: 'ever' } })
  async newOrders(): Promise<TriggerResult<OrderFile>> {
    const { inbox } = this.settings;
    const names = (await readdir(inbox)).filter((name) => ORDER.test(name)).sort();
    if (names.length === 0) return TriggerResult.skip('the inbox is empty');
    const orders = names.map(async (name) => ({ name, text: await readFile(join(inbox, name), 'utf8') }));
    return TriggerResult.fireMany((await Promise.all(orders)).map((context) => ({ context, dedupKey: context.name })));
  }
}
