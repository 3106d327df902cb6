import { TriggersError } from './errors.js';

/** A duration as text: a whole number and one unit, such as `'500ms'`, `'2s'`, `'15m'`, `'6h'` or `'30d'`. At most `365d`. */
export type Duration = `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

const GRAMMAR = /^(\d+)(ms|s|m|h|d)$/;
const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** The longest duration that an option takes: 365 days. */
export const MAX_DURATION_MS = 365 * UNIT_MS.d;

/**
 * Milliseconds of a duration text.
 *
 * @param text the duration, case-sensitive
 * @param where what it belongs to, for the message: `Trigger "inbox", option "pollInterval"`
 * @throws TRG_DEF_INVALID_DURATION for anything else than the grammar, and beyond 365 days
 * @example parseDuration('2s', 'Trigger "inbox", option "pollInterval"') // 2000
 */
export function parseDuration(text: unknown, where: string): number {
  const match = typeof text === 'string' ? GRAMMAR.exec(text) : null;
  const value = match ? Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS] : Number.NaN;
  if (!(value <= MAX_DURATION_MS)) {
    throw new TriggersError(
      'TRG_DEF_INVALID_DURATION',
      `${where}: ${JSON.stringify(text) ?? String(text)} is no duration. ` +
        'Write a whole number and one of ms, s, m, h, d, at most 365d, for example "30s".',
    );
  }
  return value;
}

/**
 * A duration in the largest unit that keeps it exact, for messages and the API.
 *
 * @example formatDuration(90_000) // '90s'
 */
export function formatDuration(durationMs: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    if (durationMs >= UNIT_MS[unit] && durationMs % UNIT_MS[unit] === 0) return `${durationMs / UNIT_MS[unit]}${unit}`;
  }
  return `${durationMs}ms`;
}
