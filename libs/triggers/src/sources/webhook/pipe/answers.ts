import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { ErrorCode } from '../../../model/error-codes.js';
import { TriggersError } from '../../../model/errors.js';
import type { WebhookAnswer } from '../verify/verifier.js';
import type { WebhookReply } from '../webhook-event.js';

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' } as const;
const TEXT_TYPE = { 'content-type': 'text/plain; charset=utf-8' } as const;

/** A refusal, by its code. */
export function refusal(code: ErrorCode, message: string, details?: Readonly<Record<string, unknown>>): TriggersError {
  return new TriggersError(code, message, details === undefined ? {} : { details });
}

/** Try again, nothing was kept: 503 and Retry-After. */
export function unavailable(message: string): TriggersError {
  return refusal('TRG_WEBHOOK_UNAVAILABLE', `${message} Nothing was kept; try again.`);
}

/**
 * An answer of the author's, laid over another one.
 *
 * @throws TypeError for a header that HTTP does not carry, RangeError for a status that is none
 */
export function replyAnswer({ status, headers = {}, body }: WebhookReply, over: WebhookAnswer): WebhookAnswer {
  const given = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)] as const);
  for (const [name, value] of given) {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  }
  const answered = status ?? over.status;
  if (!Number.isInteger(answered) || answered < 200 || answered > 599)
    throw new RangeError(`${answered} is no status.`);
  return { status: answered, ...contentOf(body, over, Object.fromEntries(given)) };
}

function contentOf(
  body: WebhookReply['body'],
  over: WebhookAnswer,
  headers: Readonly<Record<string, string>>,
): Pick<WebhookAnswer, 'headers' | 'body'> {
  if (body === undefined) return { headers: { ...over.headers, ...headers }, body: over.body };
  if (typeof body === 'string') return { headers: { ...TEXT_TYPE, ...headers }, body };
  return { headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify(body) };
}
