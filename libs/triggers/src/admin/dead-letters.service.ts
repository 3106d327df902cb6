import { Injectable } from '@nestjs/common';
import type { DeadLetterFilter } from '../history/history.filters.js';
import { HistoryService } from '../history/history.service.js';
import type { DeadLetter, DeadLetterDetail } from '../history/history.types.js';
import type { Page, PageRequest } from '../history/page.js';
import type { FireOutcome } from '../intake/fire.types.js';
import { IntakeService } from '../intake/intake.service.js';
import { noDeadLetter } from '../intake/letter.source.js';
import { isTriggersError } from '../model/errors.js';
import type { TriggersError } from '../model/errors.js';
import { MAX_BULK_REPLAY } from './dto/bodies.js';
import { conflict } from './trigger.lookup.js';

/** How many of them are on their way at a time. */
const AT_ONCE = 50;

/** How a dead letter is replayed. */
export interface ReplayOptions {
  /** Instead of what was kept; judged by the present schema and mapping like anything that arrives. */
  readonly payload?: unknown;
  /** Who asked; stands on the firing. */
  readonly initiatedBy?: string;
  /** Why, in the words of who asked; the method of a manual trigger is told. */
  readonly reason?: string | undefined;
  /** Asked before it is fired; what it throws refuses the replay. @default a program may */
  readonly permit?: (letter: DeadLetterDetail) => Promise<void>;
}

/** What became of one dead letter of many. */
export type BulkReplayed =
  | ({ readonly id: string } & Pick<FireOutcome, 'status' | 'firingId' | 'executionIds' | 'reason'>)
  | { readonly id: string; readonly status: 'failed'; readonly code: string; readonly reason: string };

/** What became of many dead letters. */
export interface BulkReplay {
  /** How many were accepted. */
  readonly replayed: number;
  /** Each of them, oldest first. */
  readonly results: readonly BulkReplayed[];
}

/**
 * What could not be started or finished, kept with its payload and the reason until somebody decides: replay it, as it is or
 * mended, or discard it. What is accepted later with the key of a dead letter closes it.
 *
 * Every method throws TRG_STORE_UNAVAILABLE when the database does not answer.
 *
 * @example await deadLetters.replayAll({ trigger: 'payments' }, { initiatedBy: 'ops' });
 */
@Injectable()
export class DeadLettersService {
  constructor(
    private readonly history: HistoryService,
    private readonly intake: IntakeService,
  ) {}

  /** Newest first; open ones unless the filter says otherwise. */
  list(filter: DeadLetterFilter = {}, page: PageRequest = {}): Promise<Page<DeadLetter>> {
    return this.history.deadLetters(filter, page);
  }

  /** One of them, with everything that was kept. @throws TRG_API_DEAD_LETTER_NOT_FOUND */
  async get(id: string): Promise<DeadLetterDetail> {
    const found = await this.history.deadLetter(id);
    if (found === null) throw noDeadLetter(id);
    return found;
  }

  /**
   * Fires it again. One that was answered meanwhile, by a later delivery of its sender or by another operator, is a
   * `duplicate` of that; what is refused again stays where it is.
   *
   * @throws TRG_API_DEAD_LETTER_NOT_FOUND; TRG_API_CONFLICT for one that was discarded, whose trigger is gone, or whose key
   *   somebody holds; TRG_CONTEXT_* for a payload that does not fit
   */
  async replay(id: string, { payload: edited, permit, ...by }: ReplayOptions = {}): Promise<FireOutcome> {
    const letter = await this.get(id);
    await permit?.(letter);
    if (letter.kind === 'firing') return this.intake.replayLetter(letter.id, { edited, ...by });
    return this.intake.replay(letter.id, { edited, ...by, once: true });
  }

  /**
   * Replays what a filter finds, oldest first; what is refused is told and stays.
   *
   * @param options `limit`: at most so many, up to 1,000 @default MAX_BULK_REPLAY
   */
  async replayAll(
    filter: Omit<DeadLetterFilter, 'state'> = {},
    { limit = MAX_BULK_REPLAY, ...options }: Omit<ReplayOptions, 'payload'> & { readonly limit?: number } = {},
  ): Promise<BulkReplay> {
    const ids = await this.#oldest(filter, Math.min(limit, MAX_BULK_REPLAY));
    const results: BulkReplayed[] = [];
    for (let at = 0; at < ids.length; at += AT_ONCE) {
      results.push(...(await Promise.all(ids.slice(at, at + AT_ONCE).map((id) => this.#attempt(id, options)))));
    }
    return { replayed: results.filter(({ status }) => status === 'accepted').length, results };
  }

  /** Closes it without an answer. @throws TRG_API_DEAD_LETTER_NOT_FOUND; TRG_API_CONFLICT for one that is closed */
  async discard(id: string): Promise<void> {
    await this.get(id);
    if (!(await this.intake.discardLetter(id))) throw closed(id);
  }

  async #oldest(filter: DeadLetterFilter, limit: number): Promise<readonly string[]> {
    const ids: string[] = [];
    for (let after: string | undefined; ;) {
      const page = await this.history.deadLetters(filter, { limit: MAX_BULK_REPLAY, ...(after && { after }) });
      ids.push(...page.items.map(({ id }) => id));
      if (page.next === null) return ids.reverse().slice(0, limit);
      after = page.next;
    }
  }

  async #attempt(id: string, options: Omit<ReplayOptions, 'payload'>): Promise<BulkReplayed> {
    try {
      const { status, firingId, executionIds, reason } = await this.replay(id, options);
      return { id, status, firingId, executionIds, reason };
    } catch (error) {
      if (!isTriggersError(error) || error.code === 'TRG_STORE_UNAVAILABLE') throw error;
      return { id, status: 'failed', code: error.code, reason: error.message };
    }
  }
}

function closed(id: string): TriggersError {
  return conflict(`Dead letter "${id}" is closed already: it was replayed or discarded.`);
}
