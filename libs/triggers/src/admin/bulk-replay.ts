import { Logger } from '@nestjs/common';
import type { FireOutcome } from '../intake/fire.types.js';
import { envelopeOf } from '../http/envelope.js';
import { isTriggersError } from '../model/errors.js';
import { errorMessage } from '../model/text.js';

/** What became of one dead letter of many. */
export type BulkReplayed =
  | ({ readonly id: string } & Pick<FireOutcome, 'status' | 'firingId' | 'executionIds' | 'reason'>)
  | { readonly id: string; readonly status: 'failed'; readonly code: string; readonly reason: string };

/** What became of many dead letters. */
export interface BulkReplay {
  /** How many were accepted. */
  readonly replayed: number;
  /** How many were refused, or could not be replayed for another reason. */
  readonly failed: number;
  /** How many were left alone, because the database did not answer any more. */
  readonly untried: number;
  /** Each of them that was tried, oldest first. */
  readonly results: readonly BulkReplayed[];
}

/** How one of many is replayed. */
export interface BulkSteps<Letter> {
  /** Reads it and asks whether it may be replayed. */
  look(id: string): Promise<Letter>;
  /** Fires it; returns after the commit. */
  fire(letter: Letter): Promise<FireOutcome>;
}

/** How many of them are looked at, at a time. */
const AT_ONCE = 50;

const logger = new Logger('Triggers');

/**
 * Replays many, in the order of their ids: each is committed before the next one. What one of them throws is its result. When
 * the database does not answer the rest is left alone. Never throws, so that what was done can be told and audited.
 */
export async function replayEach<Letter>(ids: readonly string[], steps: BulkSteps<Letter>): Promise<BulkReplay> {
  const results: BulkReplayed[] = [];
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const some = ids.slice(at, at + AT_ONCE);
    const looked = await Promise.all(some.map((id) => attempt(() => steps.look(id))));
    for (const [place, letter] of looked.entries()) {
      const id = some[place] as string;
      const outcome = 'error' in letter ? letter : await attempt(() => steps.fire(letter.value));
      results.push('error' in outcome ? failure(id, outcome.error) : success(id, outcome.value));
      if ('error' in outcome && isTriggersError(outcome.error, 'TRG_STORE_UNAVAILABLE')) return summary(ids, results);
    }
  }
  return summary(ids, results);
}

function summary(ids: readonly string[], results: readonly BulkReplayed[]): BulkReplay {
  const count = (wanted: BulkReplayed['status']): number => results.filter(({ status }) => status === wanted).length;
  return { replayed: count('accepted'), failed: count('failed'), untried: ids.length - results.length, results };
}

type Attempted<T> = { readonly value: T } | { readonly error: unknown };

async function attempt<T>(work: () => Promise<T>): Promise<Attempted<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    return { error };
  }
}

function success(id: string, { status, firingId, executionIds, reason }: FireOutcome): BulkReplayed {
  return { id, status, firingId, executionIds, reason };
}

/** As the API would answer it alone: what the program did not mean to show stands in the log. */
function failure(id: string, error: unknown): BulkReplayed {
  const { code, message, statusCode } = envelopeOf(error, id).envelope;
  if (statusCode < 500 || isTriggersError(error, 'TRG_STORE_UNAVAILABLE'))
    return { id, status: 'failed', code, reason: message };
  logger.error(`The replay of dead letter "${id}" failed: ${errorMessage(error)}`);
  return { id, status: 'failed', code, reason: 'Something went wrong here. The log has the reason under this id.' };
}
