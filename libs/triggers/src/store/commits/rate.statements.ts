import { batch, run, send } from '../dialects/batch.js';
import type { Work } from '../dialects/batch.js';
import type { FiringDraft, FiringVerdict } from './firing.draft.js';
import { takeToken } from './rate-limit.js';

const READ_TAT = batch(
  'rate_read',
  { _name: 'text' },
  ({ nowMs, forUpdate }) => `SELECT name, rate_tat, ${nowMs} AS now_ms FROM triggers_trigger
    WHERE name IN (SELECT _name FROM g) ORDER BY name ${forUpdate}`,
);

const WRITE_TAT = batch(
  'rate_write',
  { _name: 'text', _tat: 'float' },
  () => `UPDATE triggers_trigger SET rate_tat = g._tat FROM g WHERE name = g._name`,
);

interface Candidate {
  readonly draft: FiringDraft;
  verdict: FiringVerdict | null;
  delayMs: number;
}

/** Spends a token of each firing's trigger: lets it pass, delays it, or refuses it. Duplicates never get here. */
export function* limitRates(candidates: readonly Candidate[]): Work<void> {
  const limited = candidates.filter(
    ({ draft }) => draft.rate !== null && draft.trigger !== null && draft.state === 'accepted',
  );
  if (limited.length === 0) return;
  const names = [...new Set(limited.map(({ draft }) => draft.trigger as string))].sort();
  const tats = new Map<string, { tat: number | null; nowMs: number }>();
  for (const row of yield* run(
    READ_TAT,
    names.map((name) => [name]),
  )) {
    const tat = row['rate_tat'];
    tats.set(row['name'] as string, { tat: tat === null ? null : Number(tat), nowMs: Number(row['now_ms']) });
  }
  for (const candidate of limited) {
    const state = tats.get(candidate.draft.trigger as string);
    if (state === undefined || candidate.draft.rate === null) continue;
    const { allowed, waitMs, tat } = takeToken(candidate.draft.rate, state.tat, state.nowMs);
    state.tat = tat;
    if (allowed) candidate.delayMs = Math.max(candidate.delayMs, waitMs);
    else candidate.verdict = { status: 'limited', retryAfterMs: waitMs };
  }
  yield* send(
    WRITE_TAT,
    [...tats].map(([name, { tat }]) => [name, tat]),
  );
}
