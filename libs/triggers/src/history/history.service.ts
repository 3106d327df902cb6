import { Injectable } from '@nestjs/common';
import { Store } from '../store/store.service.js';
import { equals, within } from './conditions.js';
import { previewsOf } from './context-preview.js';
import { readDeadLetter, readDeadLetters } from './dead-letters.js';
import { readEnding, readExecution } from './execution.detail.js';
import type { AuditFilter, DeadLetterFilter, ExecutionFilter, FiringFilter, TickFilter } from './history.filters.js';
import type {
  AuditItem,
  DeadLetter,
  DeadLetterDetail,
  ExecutionDetail,
  ExecutionEnding,
  ExecutionItem,
  FiringItem,
  NodesOverview,
  TickItem,
} from './history.types.js';
import { toAuditItem, toExecutionItem, toFiringItem, toTickItem } from './mappers.js';
import { readNodes } from './nodes.js';
import { readPage } from './page-reader.js';
import type { Page, PageRequest } from './page.js';
import { available } from './reading.js';
import { readTrigger, readTriggers } from './trigger.records.js';
import type { TriggerRecord } from './trigger.types.js';

/**
 * Reads what happened, in the shapes of the HTTP contract. It sees committed rows only, writes nothing, and no list
 * costs more queries when it is longer.
 *
 * Every method throws TRG_STORE_UNAVAILABLE when the database does not answer, and TRG_API_BAD_REQUEST for a page that
 * cannot be.
 */
@Injectable()
export class HistoryService {
  constructor(private readonly store: Store) {}

  /** Executions, newest first. */
  executions({ from, to, ...exact }: ExecutionFilter, page: PageRequest = {}): Promise<Page<ExecutionItem>> {
    return available(async () => {
      const conditions = [...equals({ ...exact }), ...within(this.store, 'createdAt', { from, to })];
      const rows = await readPage(this.store, 'execution', conditions, page);
      const preview = await previewsOf(
        this.store,
        rows.items.map(({ firingId }) => firingId),
      );
      return { ...rows, items: rows.items.map((row) => toExecutionItem(row, preview(row.firingId))) };
    });
  }

  /** One execution with its tasks; `null` when there is none. */
  execution(id: string): Promise<ExecutionDetail | null> {
    return available(() => readExecution(this.store, id));
  }

  /** How an execution stands, without what only people look at; `null` when there is none. */
  ending(id: string): Promise<ExecutionEnding | null> {
    return available(() => readEnding(this.store, id));
  }

  /** Firings, newest first. */
  firings({ from, to, ...exact }: FiringFilter, page: PageRequest = {}): Promise<Page<FiringItem>> {
    return available(async () => {
      const conditions = [...equals({ ...exact }), ...within(this.store, 'createdAt', { from, to })];
      const rows = await readPage(this.store, 'firing', conditions, page);
      const preview = await previewsOf(
        this.store,
        rows.items.map(({ id }) => id),
      );
      return { ...rows, items: rows.items.map((row) => toFiringItem(row, preview(row.id))) };
    });
  }

  /** Polls and schedule ticks of one trigger, newest first. */
  ticks({ from, to, ...exact }: TickFilter, page: PageRequest = {}): Promise<Page<TickItem>> {
    return available(async () => {
      const conditions = [...equals({ ...exact }), ...within(this.store, 'at', { from, to })];
      const rows = await readPage(this.store, 'tick', conditions, page);
      return { ...rows, items: rows.items.map(toTickItem) };
    });
  }

  /** What operators did, newest first. */
  audit({ from, to, ...exact }: AuditFilter, page: PageRequest = {}): Promise<Page<AuditItem>> {
    return available(async () => {
      const conditions = [...equals({ ...exact }), ...within(this.store, 'at', { from, to })];
      const rows = await readPage(this.store, 'audit', conditions, page);
      return { ...rows, items: rows.items.map(toAuditItem) };
    });
  }

  /** Dead firings and failed executions, newest first; open ones unless the filter says otherwise. */
  deadLetters(filter: DeadLetterFilter = {}, page: PageRequest = {}): Promise<Page<DeadLetter>> {
    return available(() => readDeadLetters(this.store, filter, page));
  }

  /** One dead letter with everything that was kept of it, open or closed; `null` when there is none. */
  deadLetter(id: string): Promise<DeadLetterDetail | null> {
    return available(() => readDeadLetter(this.store, id));
  }

  /** What the database keeps of every trigger, by name. */
  triggers(): Promise<readonly TriggerRecord[]> {
    return available(() => readTriggers(this.store));
  }

  /** What the database keeps of one trigger; `null` when it was never seen. */
  trigger(name: string): Promise<TriggerRecord | null> {
    return available(() => readTrigger(this.store, name));
  }

  /** The processes of the application, by name, and the pools that none of the living serves. */
  nodes(): Promise<NodesOverview> {
    return available(() => readNodes(this.store));
  }
}
