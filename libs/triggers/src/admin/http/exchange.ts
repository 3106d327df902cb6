import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { TriggersError } from '../../model/errors.js';
import { newId } from '../../model/ids.js';
import type { AdminUser } from '../access/roles.js';

/** A request as Express and Fastify both show it. */
export interface AdminRequest {
  readonly method: string;
  readonly url: string;
  /** The URL before routers cut it. */
  readonly originalUrl?: string;
  readonly headers: IncomingHttpHeaders;
  readonly ip?: string;
  readonly params?: unknown;
  body?: unknown;
  /** Node's own request, on Fastify. */
  readonly raw?: IncomingMessage;
}

/** What we know of one request besides what the platform knows. */
export interface Exchange {
  /** Names the request in answers and logs. */
  readonly requestId: string;
  /** Who asks, once the guard knows. */
  user: AdminUser | null;
  /** What is wrong with the body; told after the guard has let the request in. */
  bodyProblem: TriggersError | null;
}

const exchanges = new WeakMap<IncomingMessage | AdminRequest, Exchange>();

const REQUEST_ID = /^[\w.:-]{1,128}$/;

/** What we know of a request. Kept beside it, so that nothing of the application can overwrite it. */
export function exchangeOf(request: AdminRequest): Exchange {
  const raw = request.raw ?? request;
  const known = exchanges.get(raw);
  if (known !== undefined) return known;
  const exchange = { requestId: requestIdOf(request.headers), user: null, bodyProblem: null };
  exchanges.set(raw, exchange);
  return exchange;
}

/** A header that is there at most once. */
export function headerOf(request: AdminRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** The network address that a request came from, as far as the platform's proxy settings tell. */
export function addressOf(request: AdminRequest): string {
  return request.ip ?? 'unknown';
}

/** Whether a request may change something. */
export function isMutation({ method }: AdminRequest): boolean {
  return !['GET', 'HEAD', 'OPTIONS'].includes(method);
}

/** The sender's, when it is fit for logs and headers, so that one id can be followed through several services. */
function requestIdOf(headers: IncomingHttpHeaders): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : newId();
}
