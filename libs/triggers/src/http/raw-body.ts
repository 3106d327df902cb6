import type { IncomingMessage } from 'node:http';
import type { Clock } from '../model/clock.js';

/** The time that one upload may take. */
export const MAX_UPLOAD_MS = 15_000;
/** So many times the limit is still read and thrown away, so that the sender gets to see the answer. */
const DISCARDED_LIMITS = 8;

/** The bytes of a request, or why there are none. */
export type RawBody =
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  /** `consumed`: somebody has read them before us, and kept none. */
  | { readonly kind: 'tooLarge' | 'tooSlow' | 'aborted' | 'consumed' };

/** How much is read, and for how long. */
export interface RawBodyLimits {
  readonly maxBytes: number;
  readonly clock: Clock;
  /** Is given what ends the reading before its time: the body is too slow then. */
  readonly onReading?: (giveUp: () => void) => void;
}

/**
 * Reads a body as it comes: neither decoded nor parsed. It holds at most `maxBytes`, takes at most {@link MAX_UPLOAD_MS}, and
 * never throws. What is too large is read on for a while and thrown away, so that the sender gets to see the answer.
 */
export function readRawBody(request: IncomingMessage, { maxBytes, clock, onReading }: RawBodyLimits): Promise<RawBody> {
  if (request.readableDidRead) return Promise.resolve(alreadyRead(request));
  // Nothing would tell that its sender has gone.
  if (request.destroyed) return Promise.resolve({ kind: 'aborted' });
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const isTooLarge = (): boolean => size > maxBytes || declaredLength(request) > maxBytes;
    const settle = (body: RawBody): void => {
      timer.clear();
      request.off('data', take).off('end', end).off('close', abort);
      resolve(body);
    };
    const take = (chunk: Buffer): void => {
      size += chunk.length;
      if (!isTooLarge()) return void chunks.push(chunk);
      chunks.length = 0;
      if (size > DISCARDED_LIMITS * maxBytes) settle({ kind: 'tooLarge' });
    };
    const end = (): void =>
      settle(isTooLarge() ? { kind: 'tooLarge' } : { kind: 'bytes', bytes: Buffer.concat(chunks) });
    const abort = (): void => settle({ kind: 'aborted' });
    const giveUp = (): void => settle({ kind: isTooLarge() ? 'tooLarge' : 'tooSlow' });
    const timer = clock.setTimer(giveUp, MAX_UPLOAD_MS);
    onReading?.(giveUp);
    // An aborted request emits an error too; without a listener that would end the process.
    request.on('data', take).on('end', end).on('close', abort).on('error', abort);
  });
}

function declaredLength({ headers }: IncomingMessage): number {
  return Number(headers['content-length'] ?? 0);
}

/** Platforms without a socket (functions in a cloud) have read the body before, and kept its bytes. */
function alreadyRead(request: IncomingMessage): RawBody {
  const { rawBody } = request as { readonly rawBody?: unknown };
  return Buffer.isBuffer(rawBody) ? { kind: 'bytes', bytes: rawBody } : { kind: 'consumed' };
}
