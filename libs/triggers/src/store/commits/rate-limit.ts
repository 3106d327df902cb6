/** At most `limit` firings in any `perMs`; the moment of the next free token is kept as one number (GCRA). */
export interface RateRule {
  /** What shares the tokens: a trigger, or a trigger and a user. */
  readonly space: string;
  readonly limit: number;
  readonly perMs: number;
  /** What happens above it: start later, or drop with a record. */
  readonly onLimit: 'delay' | 'skip' | 'refuse';
}

/** What the rule says of one firing. */
export interface RateVerdict {
  readonly allowed: boolean;
  /** How long to wait until a token is free; 0 when one is free now. */
  readonly waitMs: number;
  /** The theoretical arrival time to keep. */
  readonly tat: number;
}

/**
 * The generic cell rate algorithm (ITU-T I.371) over one stored number: a burst of `limit`, then one token every
 * `perMs / limit`. A firing that is delayed takes the token that it waits for; one that is refused takes none.
 */
export function takeToken(rule: RateRule, storedTat: number, nowMs: number): RateVerdict {
  const emission = rule.perMs / rule.limit;
  const tat = Math.max(storedTat, nowMs);
  const waitMs = Math.max(0, tat - (rule.perMs - emission) - nowMs);
  const allowed = waitMs === 0 || rule.onLimit === 'delay';
  return { allowed, waitMs: Math.ceil(waitMs), tat: allowed ? tat + emission : tat };
}
