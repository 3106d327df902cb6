import { HttpException } from '@nestjs/common';
import type { ErrorCode } from '../model/error-codes.js';
import { statusOf } from '../model/error-codes.js';
import { isTriggersError } from '../model/errors.js';
import type { TriggersError } from '../model/errors.js';

/** Every error that we answer over HTTP. */
export interface ErrorEnvelope {
  readonly statusCode: number;
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
  /** Names the request in the log. */
  readonly requestId: string;
}

/** An envelope and the headers that belong to it. */
export interface ErrorAnswer {
  readonly envelope: ErrorEnvelope;
  readonly headers: Readonly<Record<string, string>>;
}

const CODE_BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'TRG_API_BAD_REQUEST',
  401: 'TRG_API_UNAUTHORIZED',
  403: 'TRG_API_FORBIDDEN',
  404: 'TRG_API_NOT_FOUND',
  409: 'TRG_API_CONFLICT',
  413: 'TRG_CONTEXT_TOO_LARGE',
  415: 'TRG_API_MEDIA_TYPE',
  429: 'TRG_API_TOO_MANY_REQUESTS',
  503: 'TRG_STORE_UNAVAILABLE',
};

/** Seconds after which an unavailable store may be tried again. */
const RETRY_UNAVAILABLE_S = 2;

/**
 * The answer for anything that was thrown: our errors by their code, Nest's (of the application's guards, say) by their
 * status. What is our own fault says nothing but its request id.
 */
export function envelopeOf(error: unknown, requestId: string): ErrorAnswer {
  if (isTriggersError(error)) return ofTriggersError(error, requestId);
  const statusCode = error instanceof HttpException ? error.getStatus() : 500;
  if (!(error instanceof HttpException) || (statusCode >= 500 && statusCode !== 503))
    return internal('TRG_BUG_UNEXPECTED', requestId);
  const code = CODE_BY_STATUS[statusCode] ?? 'TRG_API_BAD_REQUEST';
  return {
    envelope: { statusCode, code, message: error.message, requestId },
    headers: headersFor(statusCode, code, {}),
  };
}

function ofTriggersError({ code, message, details }: TriggersError, requestId: string): ErrorAnswer {
  const statusCode = statusOf(code);
  if (statusCode === 500) return internal(code, requestId);
  const envelope = { statusCode, code, message, ...(details && { details }), requestId };
  return { envelope, headers: headersFor(statusCode, code, details ?? {}) };
}

function internal(code: ErrorCode, requestId: string): ErrorAnswer {
  const message = `Something went wrong here. The log has the reason under the request id "${requestId}".`;
  return { envelope: { statusCode: 500, code, message, requestId }, headers: {} };
}

function headersFor(
  statusCode: number,
  code: ErrorCode,
  { retryAfterMs, allow }: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string>> {
  if (code === 'TRG_API_UNAUTHORIZED') return { 'WWW-Authenticate': 'Bearer realm="triggers"' };
  if (typeof allow === 'string') return { Allow: allow };
  if (typeof retryAfterMs === 'number') return { 'Retry-After': String(Math.max(Math.ceil(retryAfterMs / 1_000), 1)) };
  return statusCode === 503 ? { 'Retry-After': String(RETRY_UNAVAILABLE_S) } : {};
}
