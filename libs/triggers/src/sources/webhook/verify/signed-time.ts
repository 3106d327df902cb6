import type { Duration } from '../../../model/duration.js';
import { parseDuration } from '../../../model/duration.js';
import type { VerifierSetup } from './verifier.js';

/** How a vendor writes the time that it signs: Unix time in seconds or milliseconds, or RFC 3339. */
export type TimestampFormat = 'seconds' | 'milliseconds' | 'iso';

/** An option of the presets that sign a time. */
export interface ToleranceOption {
  /** How far the signed time may lie from ours, before or after. @default DEFAULT_TOLERANCE */
  readonly tolerance?: Duration;
}

/** Five minutes, as the libraries of Stripe, Slack and Standard Webhooks have it. */
export const DEFAULT_TOLERANCE: Duration = '5m';

const READERS: Readonly<Record<TimestampFormat, (text: string) => number>> = {
  // A zero in front of it could be the last digit of what was signed before it.
  seconds: (text) => (/^[1-9]\d{0,11}$/.test(text) ? Number(text) * 1_000 : Number.NaN),
  milliseconds: (text) => (/^[1-9]\d{0,14}$/.test(text) ? Number(text) : Number.NaN),
  iso: (text) =>
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN,
};

/** Whether a text names one of the formats. */
export function isTimestampFormat(format: unknown): format is TimestampFormat {
  return typeof format === 'string' && Object.hasOwn(READERS, format);
}

/** Milliseconds of the option. @throws TRG_DEF_INVALID_DURATION */
export function toleranceOf({ tolerance = DEFAULT_TOLERANCE }: ToleranceOption, setup: VerifierSetup): number {
  return parseDuration(tolerance, `${setup.where}, option "${setup.option}.tolerance"`);
}

/**
 * What is wrong with a signed time, or `null`. Exactly the tolerance is in time, a millisecond more is not. A time that was
 * sent twice arrives as a list and is refused like any other text that is no time.
 */
export function timeProblem(
  text: string | undefined,
  { format = 'seconds', receivedAt, toleranceMs }: { format?: TimestampFormat; receivedAt: Date; toleranceMs: number },
): string | null {
  if (text === undefined) return 'the signed time is missing';
  const lateMs = receivedAt.getTime() - READERS[format](text);
  if (Number.isNaN(lateMs)) return 'the signed time is no time';
  if (lateMs > toleranceMs) return `the signed time lies ${lateMs} ms back, more than the tolerance`;
  if (-lateMs > toleranceMs) return `the signed time lies ${-lateMs} ms ahead, more than the tolerance`;
  return null;
}
