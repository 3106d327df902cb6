import { hash } from 'node:crypto';
import type { JsonObject } from '../../../model/json.js';
import { invalid, oneOf } from '../option.checks.js';
import type { HttpHeaders } from './http-client.js';
import { jsonPointer } from './json-pointer.js';

/** Where a URL is asked. Health checks take these too. */
export interface UrlOptions {
  /** What is asked by GET: `http:` or `https:`, without user and password. */
  readonly url: string | URL;
  /** Headers of the request, asked for at every poll: for secrets that change. @default none */
  readonly headers?: () => HttpHeaders | Promise<HttpHeaders>;
  /**
   * Whether the URL may lead to this machine, its network or a cloud's metadata. Never say so for a URL that somebody else has
   * chosen. @default DEFAULT_HTTP_OPTIONS.privateNetwork
   */
  readonly privateNetwork?: boolean;
}

/** What `httpTrigger` and {@link HttpSource} ask, and what they take out of the answer. */
export interface HttpOptions<Item extends object = JsonObject> extends UrlOptions {
  /**
   * What fires: a function of the JSON body, or a JSON pointer to an array in it. Each item fires once and for ever.
   * @default the body as a whole, whenever it has changed
   */
  readonly items?: string | ((body: unknown) => readonly Item[]);
  /** What makes an item the same: a JSON pointer into it (`/id`), or a function. @default all of it, also where there is nothing */
  readonly key?: string | ((item: Item) => string);
}

/** The defaults of {@link HttpOptions}. */
export const DEFAULT_HTTP_OPTIONS = { privateNetwork: false } as const satisfies Partial<UrlOptions>;

/** {@link UrlOptions} with nothing left open. */
export interface ResolvedUrl {
  readonly url: URL;
  readonly headers: () => HttpHeaders | Promise<HttpHeaders>;
  readonly privateNetwork: boolean;
}

/** {@link HttpOptions} with nothing left open. */
export interface ResolvedHttpOptions extends ResolvedUrl {
  /** Which URL and items: a hash, because a URL may carry secrets. */
  readonly of: string;
  /** `null`: the body as a whole. */
  readonly items: ((body: unknown) => unknown) | null;
  readonly key: ((item: object) => unknown) | null;
}

/** @throws TRG_DEF_INVALID_OPTION */
export function resolveUrl(given: UrlOptions, where: string): ResolvedUrl {
  const { url, headers = () => ({}), privateNetwork } = { ...DEFAULT_HTTP_OPTIONS, ...given };
  // Not shown: what stands there in place of a function may be a secret.
  if (typeof headers !== 'function') throw invalid(where, 'headers', typeof headers, 'a function that returns them');
  return {
    url: parseUrl(url, where),
    headers,
    privateNetwork: oneOf(where, 'privateNetwork', privateNetwork, [true, false]),
  };
}

/** @throws TRG_DEF_INVALID_OPTION */
export function resolveHttpOptions<Item extends object>(given: HttpOptions<Item>, where: string): ResolvedHttpOptions {
  const { items, key } = given;
  const resolved = resolveUrl(given, where);
  const pointer = typeof items === 'string' ? items : '';
  return {
    ...resolved,
    of: hash('sha256', `${resolved.url.href} ${pointer}`, 'base64url'),
    items: items === undefined ? null : selection(items, where, 'items'),
    key: key === undefined ? null : selection(key, where, 'key'),
  };
}

function selection(
  given: string | ((value: never) => unknown),
  where: string,
  option: string,
): (value: unknown) => unknown {
  if (typeof given === 'function') return given as (value: unknown) => unknown;
  if (typeof given === 'string') return jsonPointer(given, where, option);
  throw invalid(where, option, given, 'a function or a JSON pointer such as "/data/orders"');
}

/** The message shows nothing of what was given: a password may be in it. */
function parseUrl(given: unknown, where: string): URL {
  const url = URL.canParse(String(given)) ? new URL(String(given)) : null;
  const takes = 'an absolute URL with http: or https:, and no user or password in it (use "headers")';
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.password !== '')
    throw invalid(where, 'url', url === null ? 'no URL' : `${url.protocol}//…`, takes);
  return url;
}
