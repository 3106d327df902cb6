import { hash } from 'node:crypto';
import type { JsonObject } from '../../../model/json.js';
import { TriggerResult } from '../../../model/trigger-result.js';
import type { Poll, TriggerSource } from '../../poll/poll.js';
import { mappingOf } from '../built-in.options.js';
import type { Mapping } from '../built-in.options.js';
import { fittingKey, hashedKey } from '../fitting-key.js';
import { ItemPage } from '../item-page.js';
import { OfferedKeys } from '../offered-keys.js';
import { failure, httpGet } from './http-client.js';
import type { HttpAnswer, HttpHeaders } from './http-client.js';
import { resolveHttpOptions } from './http.options.js';
import type { HttpOptions, ResolvedHttpOptions } from './http.options.js';
import { MAX_WAIT_MS, retryAt } from './retry-after.js';

interface HttpCursor {
  /** The URL and the items that all of this is known of. */
  readonly of: string;
  /** What the server calls the last answer. */
  readonly etag?: string;
  readonly lastModified?: string;
  /** The hash of the last body. */
  readonly body?: string;
  /** How many different bodies there were: it tells a body that comes back from the one before. */
  readonly version?: number;
  /** So many items of that body have fired, and there are more. */
  readonly done?: number;
  /** The server wants to be left alone until then; ms since 1970. */
  readonly waitUntil?: number;
  /** The last offer. */
  readonly offer?: string;
}

/** An item, and its key where it has one. */
type KeyedItem = readonly [item: object, key: string];

/** A validator that is longer is not sent back; cursors are bounded. */
const MAX_VALIDATOR = 1_024;

/**
 * Asks a JSON API over and over, and fires what it has not seen.
 *
 * It asks with `If-None-Match` and `If-Modified-Since`, so a server that knows them answers 304 and sends nothing. An answer
 * with the same body as before is not looked at. Items fire once for ever, by their key; the body as a whole fires whenever it
 * has changed. 429 and 503 that say how long (`Retry-After`) are waited out; every other answer that is not 2xx fails the poll.
 */
export class HttpSource<C extends object = JsonObject, Item extends object = JsonObject> implements TriggerSource<C> {
  readonly #options: ResolvedHttpOptions;
  readonly #toContext: (item: object) => C;
  readonly #offered = new OfferedKeys();

  /** @throws TRG_DEF_INVALID_OPTION */
  constructor(options: HttpOptions<Item> & Mapping<Item, C>, where = 'HttpSource') {
    this.#options = resolveHttpOptions(options, where);
    this.#toContext = mappingOf<object>(options) as (item: object) => C;
  }

  /** @throws TRG_POLL_SOURCE for what the server, or the way to it, does wrong */
  async poll(poll: Poll): Promise<TriggerResult<C>> {
    const cursor = this.#cursorOf(poll);
    const now = poll.now.getTime();
    if (!poll.dryRun) this.#offered.settle(cursor.offer);
    if (isAskedToWait(cursor, now)) return TriggerResult.skip('the server asked us to wait');
    const { url, privateNetwork } = this.#options;
    const headers = { ...(await this.#options.headers()), ...validators(cursor) };
    const answer = await httpGet(url, headers, poll.signal, { privateNetwork });
    if (answer.status === 304) return TriggerResult.skip('not modified');
    const waitUntil = waits(answer, now);
    if (waitUntil !== null)
      return TriggerResult.skip('the server asked us to wait', { cursor: { ...cursor, waitUntil } });
    if (answer.status < 200 || answer.status > 299) throw failure(url, `answered ${answer.status}`);
    return this.#judge(answer, cursor, poll);
  }

  /** Of another URL, or of other items, nothing counts but the body as a whole. */
  #cursorOf({ cursor }: Poll): HttpCursor {
    const stored = (cursor ?? {}) as Partial<HttpCursor>;
    const { of, items } = this.#options;
    if (stored.of === of) return stored as HttpCursor;
    const { version = 0, body } = stored;
    return { of, version, ...(items === null && body !== undefined && { body }) };
  }

  #judge(answer: HttpAnswer, cursor: HttpCursor, poll: Poll): TriggerResult<C> {
    const body = hash('sha256', answer.body, 'base64url');
    const isSame = body === cursor.body;
    if (isSame && cursor.done === undefined)
      return TriggerResult.skip('not modified', { cursor: { ...cursor, ...validatorsOf(answer) } });
    const version = (cursor.version ?? 0) + (isSame ? 0 : 1);
    const items = this.#itemsOf(answer, `${version}:${body}`);
    const { page, keys, next } = this.#collect(items, isSame ? (cursor.done ?? 0) : 0);
    const more = next < items.length;
    const after: HttpCursor = { of: cursor.of, body, version, ...(more ? { done: next } : validatorsOf(answer)) };
    if (keys.length === 0) return TriggerResult.skip('nothing new in the answer', { cursor: after });
    const offer = poll.dryRun ? {} : { offer: this.#offered.offer(keys) };
    return TriggerResult.fireMany(page.items, { cursor: { ...after, ...offer }, more });
  }

  /** What one poll may fire, from an item on, and the first item that has to wait. */
  #collect(items: readonly KeyedItem[], from: number): { page: ItemPage<C>; keys: readonly string[]; next: number } {
    const page = new ItemPage<C>();
    const keys: string[] = [];
    let next = from;
    for (const [item, key] of items.slice(from)) {
      if (!this.#offered.has(key)) {
        if (!page.add({ context: this.#toContext(item), dedupKey: key })) break;
        keys.push(key);
      }
      next += 1;
    }
    return { page, keys, next };
  }

  /** What the body holds, with keys where they are known. @throws TRG_POLL_SOURCE */
  #itemsOf({ body }: HttpAnswer, version: string): readonly KeyedItem[] {
    const { url, items, key } = this.#options;
    const whole = parse(body);
    if (whole === undefined) throw failure(url, 'answered something that is no JSON');
    if (items === null) return [[whole as object, version]];
    const found = items(whole);
    if (!Array.isArray(found)) throw failure(url, 'answered something in which "items" finds no array');
    return (found as readonly object[]).map((item) => [item, keyOf(item, key)]);
  }
}

/** Without a key it is the hash of the item, not of what is made of it: the mapping may change with the next deploy. */
function keyOf(item: object, key: ((item: object) => unknown) | null): string {
  const found = key?.(item);
  if (typeof found === 'number' || (typeof found === 'string' && found !== '')) return fittingKey(String(found));
  return hashedKey(JSON.stringify(item));
}

/** A time further ahead than any that we note was left by a clock that was set back. */
function isAskedToWait({ waitUntil = 0 }: HttpCursor, now: number): boolean {
  return waitUntil > now && waitUntil - now <= MAX_WAIT_MS;
}

/** Until when; `null` where the server does not ask for it. */
function waits({ status, headers }: HttpAnswer, now: number): number | null {
  return status === 429 || status === 503 ? retryAt(headers['retry-after'], now) : null;
}

/** An answer that holds more than has fired leaves none: all of it is wanted again. */
function validators({ etag, lastModified }: HttpCursor): HttpHeaders {
  return {
    ...(etag !== undefined && { 'if-none-match': etag }),
    ...(lastModified !== undefined && { 'if-modified-since': lastModified }),
  };
}

function validatorsOf({ headers }: HttpAnswer): Pick<HttpCursor, 'etag' | 'lastModified'> {
  const { etag = '', 'last-modified': lastModified = '' } = headers;
  const isUsable = (value: string): boolean => value !== '' && value.length <= MAX_VALIDATOR;
  return { ...(isUsable(etag) && { etag }), ...(isUsable(lastModified) && { lastModified }) };
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
