import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { newId } from '../model/ids.js';

/** A request as Express and Fastify both show it. */
export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly ip?: string;
  body?: unknown;
  /** Node's own request, on Fastify. */
  readonly raw?: IncomingMessage;
}

const requestIds = new WeakMap<object, string>();

const REQUEST_ID = /^[\w.:-]{1,128}$/;

/** Node's request behind what the platform shows: the same object for everybody who handles the request. */
export function rawOf(request: HttpRequest): IncomingMessage {
  return request.raw ?? (request as HttpRequest & IncomingMessage);
}

/**
 * Names a request in answers and logs: the sender's `X-Request-Id`, when it is fit for logs and headers, so that one id can
 * be followed through several services; otherwise an id of its own.
 */
export function requestIdOf(request: HttpRequest): string {
  const raw = rawOf(request);
  const known = requestIds.get(raw);
  if (known !== undefined) return known;
  const given = request.headers['x-request-id'];
  const id = typeof given === 'string' && REQUEST_ID.test(given) ? given : newId();
  requestIds.set(raw, id);
  return id;
}

/** The path of a URL: without the query, which may carry what nobody wants in a log. */
export function pathOf({ url }: Pick<HttpRequest, 'url'>): string {
  return url.split('?', 1)[0] ?? '';
}

/**
 * What stands behind a base path in the path of a request, as it was sent (not decoded), without the slash between them.
 * The base may stand below the global prefix or not; its case does not matter, as on Express. `null` when it is another path.
 */
export function pathBelow(request: Pick<HttpRequest, 'url'>, globalPrefix: string, base: string): string | null {
  const path = pathOf(request);
  const prefix = globalPrefix.replace(/^\/+|\/+$/g, '');
  for (const owned of [`/${prefix}/${base}`, `/${base}`]) {
    const mount = owned.replace(/^\/+/, '/');
    const head = path.slice(0, mount.length).toLowerCase();
    const rest = path.slice(mount.length);
    if (head === mount.toLowerCase() && (rest === '' || rest.startsWith('/'))) return rest.slice(1);
  }
  return null;
}
