import type { TriggersError } from '../../model/errors.js';
import { rawOf, requestIdOf } from '../../http/request.js';
import type { HttpRequest } from '../../http/request.js';
import type { AdminUser } from '../access/roles.js';

/** A request of the admin API. */
export interface AdminRequest extends HttpRequest {
  /** The URL before routers cut it. */
  readonly originalUrl?: string;
  readonly params?: unknown;
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

const exchanges = new WeakMap<object, Exchange>();

/** What we know of a request. Kept beside it, so that nothing of the application can overwrite it. */
export function exchangeOf(request: HttpRequest): Exchange {
  const raw = rawOf(request);
  const known = exchanges.get(raw);
  if (known !== undefined) return known;
  const exchange = { requestId: requestIdOf(request), user: null, bodyProblem: null };
  exchanges.set(raw, exchange);
  return exchange;
}

/** A header that is there at most once. */
export function headerOf(request: HttpRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** The network address that a request came from, as far as the platform's proxy settings tell. */
export function addressOf(request: HttpRequest): string {
  return request.ip ?? 'unknown';
}

/** Whether a request may change something. */
export function isMutation({ method }: HttpRequest): boolean {
  return !['GET', 'HEAD', 'OPTIONS'].includes(method);
}
