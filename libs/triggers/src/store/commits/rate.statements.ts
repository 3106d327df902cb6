import { batch, run, send } from '../dialects/batch.js';
import type { Work } from '../dialects/batch.js';
import type { FiringDraft } from './firing.draft.js';
import type { Judged } from './firing.duplicates.js';
import { takeToken } from './rate-limit.js';
import type { RateRule } from './rate-limit.js';

/** Makes the rows that are not there and locks all, so that two nodes never spend one token. */
const READ_TAT = batch(
  'rate_read',
  { _space: 'text' },
  ({ nowMs }) => `INSERT INTO triggers_rate (space, tat) SELECT _space, 0 FROM g WHERE true
    ON CONFLICT (space) DO UPDATE SET tat = triggers_rate.tat RETURNING space, tat, ${nowMs} AS now_ms`,
);

const WRITE_TAT = batch(
  'rate_write',
  { _space: 'text', _tat: 'float' },
  () => `UPDATE triggers_rate SET tat = g._tat FROM g WHERE space = g._space`,
);

/** Spends a token of each firing's rule: lets it pass, delays it, or refuses it. Duplicates never get here. */
export function* limitRates(candidates: readonly Judged[]): Work<void> {
  const limited = candidates.filter(isLimited);
  const spaces = [...new Set(limited.map(({ draft }) => draft.rate.space))].sort();
  const tats = new Map<string, { tat: number; nowMs: number }>();
  for (const row of yield* run(
    READ_TAT,
    spaces.map((space) => [space]),
  )) {
    tats.set(row['space'] as string, { tat: Number(row['tat']), nowMs: Number(row['now_ms']) });
  }
  for (const candidate of limited) {
    const state = tats.get(candidate.draft.rate.space);
    if (state === undefined) continue;
    const { allowed, waitMs, tat } = takeToken(candidate.draft.rate, state.tat, state.nowMs);
    state.tat = tat;
    if (allowed) candidate.delayMs = Math.max(candidate.delayMs, waitMs);
    else candidate.verdict = { status: 'limited', retryAfterMs: waitMs };
  }
  yield* send(
    WRITE_TAT,
    [...tats].map(([space, { tat }]) => [space, tat]),
  );
}

function isLimited(item: Judged): item is Judged & { draft: FiringDraft & { readonly rate: RateRule } } {
  return item.draft.rate !== null && item.draft.state === 'accepted' && item.verdict === null;
}
