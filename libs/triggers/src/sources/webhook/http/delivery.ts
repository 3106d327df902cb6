import type { IncomingMessage } from 'node:http';
import { rawOf } from '../../../http/request.js';
import type { HttpRequest } from '../../../http/request.js';
import type { WebhookDelivery } from '../verify/verifier.js';

type Texts = Record<string, string>;

/** A request as verifiers see it. Headers come from the wire: what the application has made of them does not count. */
export function deliveryOf(
  request: HttpRequest,
  rest: Pick<WebhookDelivery, 'body' | 'params' | 'receivedAt'>,
): WebhookDelivery {
  const raw = rawOf(request);
  return {
    method: request.method.toUpperCase(),
    headers: headersOf(raw),
    query: queryOf(request.url),
    address: request.ip ?? raw.socket.remoteAddress ?? null,
    ...rest,
  };
}

function headersOf({ rawHeaders }: IncomingMessage): Texts {
  const headers = Object.create(null) as Texts;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] as string).toLowerCase();
    const value = rawHeaders[at + 1] as string;
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return headers;
}

/** Of a parameter that stands there several times the last counts. */
function queryOf(url: string): Texts {
  const at = url.indexOf('?');
  const query = Object.create(null) as Texts;
  if (at >= 0) for (const [name, value] of new URLSearchParams(url.slice(at + 1))) query[name] = value;
  return query;
}
