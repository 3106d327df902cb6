import { Injectable } from '@nestjs/common';
import type { DeadLetterFilter } from '../history/history.filters.js';
import { HistoryService } from '../history/history.service.js';
import type { DeadLetter, DeadLetterDetail } from '../history/history.types.js';
import type { Page, PageRequest } from '../history/page.js';
import type { FireOutcome, ReplayRequest } from '../intake/fire.types.js';
import { IntakeService } from '../intake/intake.service.js';
import { noDeadLetter } from '../intake/letter.source.js';
import type { TriggersError } from '../model/errors.js';
import { replayEach } from './bulk-replay.js';
import type { BulkReplay } from './bulk-replay.js';
import { MAX_BULK_REPLAY } from './dto/bodies.js';
import { conflict } from './trigger.lookup.js';

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

/** How many dead letters are replayed. */
type BulkOptions = Omit<ReplayOptions, 'payload'>;

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
    return this.#fire(await this.#permitted(id, permit), { edited, ...by });
  }

  /**
   * Replays what a filter finds, oldest first: in that order they are committed, and start. What is refused is told and
   * stays. Where the database stops to answer it stops as well, and tells what it has done.
   *
   * @param options `limit`: at most so many, up to 1,000 @default MAX_BULK_REPLAY
   */
  async replayAll(
    filter: Omit<DeadLetterFilter, 'state'> = {},
    { limit = MAX_BULK_REPLAY, permit, ...by }: BulkOptions & { readonly limit?: number } = {},
  ): Promise<BulkReplay> {
    const ids = await this.#oldest(filter, Math.min(limit, MAX_BULK_REPLAY));
    return replayEach(ids, {
      look: (id) => this.#permitted(id, permit),
      fire: (letter) => this.#fire(letter, by),
    });
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

  async #permitted(id: string, permit: ReplayOptions['permit']): Promise<DeadLetterDetail> {
    const letter = await this.get(id);
    await permit?.(letter);
    return letter;
  }

  #fire(letter: DeadLetterDetail, asked: ReplayRequest): Promise<FireOutcome> {
    if (letter.kind === 'firing') return this.intake.replayLetter(letter.id, asked);
    return this.intake.replay(letter.id, { ...asked, once: true });
  }
}

function closed(id: string): TriggersError {
  return conflict(`Dead letter "${id}" is closed already: it was replayed or discarded.`);
}
