import { TriggersError } from '../model/errors.js';
import { isId } from '../model/ids.js';

/** Which part of a list is asked for. */
export interface PageRequest {
  /** At most this many items, 1 to {@link MAX_PAGE_LIMIT}. @default DEFAULT_PAGE_LIMIT */
  readonly limit?: number | undefined;
  /** The `next` of the page before. */
  readonly after?: string | undefined;
}

/** One part of a list, newest first. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Opaque: hand it in as `after` for the following part; `null` at the end. */
  readonly next: string | null;
  /** Exact up to {@link MAX_EXACT_TOTAL}, then `10000+`. */
  readonly total: number | '10000+';
}

/** Items of a page that does not say. */
export const DEFAULT_PAGE_LIMIT = 50;
/** The most items of one page. */
export const MAX_PAGE_LIMIT = 1_000;
/** Counting further would block the event loop for a number nobody reads. */
export const MAX_EXACT_TOTAL = 10_000;

/**
 * The limit that a request stands for.
 *
 * @throws TRG_API_BAD_REQUEST
 */
export function limitOf({ limit = DEFAULT_PAGE_LIMIT }: PageRequest): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_PAGE_LIMIT) return limit;
  throw badField('limit', `is ${limit}; use a whole number from 1 to ${MAX_PAGE_LIMIT}`);
}

/** The opaque text that continues a list behind an item. */
export function encodeAfter(key: string): string {
  return Buffer.from(key).toString('base64url');
}

/**
 * The key that an `after` stands for.
 *
 * @param isKey whether a text has the form of the list's keys
 * @throws TRG_API_BAD_REQUEST for anything that no page has handed out
 */
export function decodeAfter(after: string, isKey: (text: string) => boolean = isId): string {
  const key = Buffer.from(after, 'base64url').toString();
  if (encodeAfter(key) === after && isKey(key)) return key;
  throw badField('after', 'is no "next" of this list; leave it out to begin with the newest');
}

/** A page of rows of which one more than `limit` was read, to see whether there is a next one. */
export function toPage<T>(rows: readonly T[], limit: number, keyOf: (row: T) => string): Omit<Page<T>, 'total'> {
  const items = rows.slice(0, limit);
  const last = rows.length > limit ? items.at(-1) : undefined;
  return { items, next: last === undefined ? null : encodeAfter(keyOf(last)) };
}

/** A count that stopped at {@link MAX_EXACT_TOTAL} + 1. */
export function toTotal(counted: number): Page<unknown>['total'] {
  return counted > MAX_EXACT_TOTAL ? '10000+' : counted;
}

function badField(field: string, problem: string): TriggersError {
  return new TriggersError('TRG_API_BAD_REQUEST', `"${field}" ${problem}.`, {
    details: { fields: [{ field, problems: [problem] }] },
  });
}
