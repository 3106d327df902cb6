import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { TriggersError } from '../../../model/errors.js';
import { errorMessage } from '../../../model/text.js';
import { checkLiteral, publicLookup } from './public-address.js';

/** Headers of a request. */
export type HttpHeaders = Readonly<Record<string, string>>;

/** What was answered. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** Where and how it asks. */
export interface HttpClientOptions {
  /** Whether addresses of this machine and its network are allowed. */
  readonly privateNetwork: boolean;
}

/** The largest body that is read: 1 MiB. */
export const MAX_BODY_BYTES = 1_048_576;
const MAX_REDIRECTS = 5;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

/**
 * GET, with what a server may do to us held in: http and https only; redirects on the same host only; no address of this machine
 * or its network unless that is allowed, judged when the connection is made; at most 1 MiB; no compression. Each request has a
 * connection of its own: one that somebody else has opened was not judged.
 *
 * @throws TRG_POLL_SOURCE for all of these and where nobody answers; messages name the host alone: paths and queries carry secrets
 */
export async function httpGet(
  url: URL,
  headers: HttpHeaders,
  signal: AbortSignal,
  options: HttpClientOptions,
): Promise<HttpAnswer> {
  let at = url;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const answer = await once(at, headers, signal, options);
    const { location } = answer.headers;
    if (!REDIRECTS.includes(answer.status) || location === undefined) return answer;
    at = redirected(at, location);
  }
  throw failure(url, `sends us on more than ${MAX_REDIRECTS} times`);
}

/** A URL for messages: queries, user names and paths are where secrets stand. */
function shownUrl({ origin, protocol }: URL): string {
  return origin === 'null' ? protocol : origin;
}

/** What went wrong at a URL, for people. */
export function failure(url: URL, what: string, cause?: unknown): TriggersError {
  return new TriggersError('TRG_POLL_SOURCE', `${shownUrl(url)} ${what}.`, cause === undefined ? {} : { cause });
}

async function once(
  url: URL,
  headers: HttpHeaders,
  signal: AbortSignal,
  { privateNetwork }: HttpClientOptions,
): Promise<HttpAnswer> {
  if (!privateNetwork) checkLiteral(url.hostname);
  const request: typeof httpRequest = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, {
      agent: false,
      signal,
      headers: {
        accept: 'application/json',
        'user-agent': 'nestjs-triggers',
        ...headers,
        'accept-encoding': 'identity',
      },
      ...(!privateNetwork && { lookup: publicLookup() }),
    })
      .on('response', resolve)
      .on('error', reject)
      // An answer that changes the protocol ends in no response and no error.
      .on('close', () => reject(new Error('it closed the connection without an answer')))
      .end();
  }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw failure(url, `could not be asked: ${messageOf(error)}`, error);
  });
  const { statusCode: status = 0, headers: answered } = message;
  return { status, headers: answered, body: await bodyOf(message, url, signal) };
}

async function bodyOf(message: IncomingMessage, url: URL, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of message as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) break;
      chunks.push(chunk);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw failure(url, `broke off: ${messageOf(error)}`, error);
  }
  // Ending the loop early has destroyed the connection.
  if (bytes > MAX_BODY_BYTES) throw failure(url, `answered more than ${MAX_BODY_BYTES} bytes`);
  return Buffer.concat(chunks);
}

/** @throws TRG_POLL_SOURCE where it leads to another host or from https to http: headers may carry secrets */
function redirected(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from.href) : null;
  const upgraded = from.protocol === 'http:' && to?.protocol === 'https:' && from.port === '' && to.port === '';
  if (to !== null && (to.origin === from.origin || (upgraded && to.hostname === from.hostname))) return to;
  throw failure(from, `sends us on to ${to === null ? 'what is no URL' : shownUrl(to)}, which is another host`);
}

/** A connection that tried several addresses has an empty message and an error for each. */
function messageOf(error: unknown): string {
  const { errors = [] } = error as { readonly errors?: readonly unknown[] };
  return errors.length > 0 ? errors.map(errorMessage).join('; ') : errorMessage(error);
}
