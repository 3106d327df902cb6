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

interface Tokens {
  tat: number;
  readonly nowMs: number;
}

type Limited = Judged & { draft: FiringDraft & { readonly rate: RateRule } };

/** Spends a token of each firing's rule: lets it pass, delays it, or refuses it. Duplicates never get here. */
export function* limitRates(candidates: readonly Judged[]): Work<void> {
  const limited = candidates.filter(isLimited);
  const spaces = [...new Set(limited.map(({ draft }) => draft.rate.space))].sort();
  const tats = new Map<string, Tokens>();
  for (const row of yield* run(
    READ_TAT,
    spaces.map((space) => [space]),
  )) {
    tats.set(row['space'] as string, { tat: Number(row['tat']), nowMs: Number(row['now_ms']) });
  }
  for (const together of groupsOf(limited)) spend(together, tats);
  yield* send(
    WRITE_TAT,
    [...tats].map(([space, { tat }]) => [space, tat]),
  );
}

/** Firings of one delivery are limited together, unless what is too much is dropped: nobody sends that again. */
function groupsOf(limited: readonly Limited[]): readonly Limited[][] {
  const groups = new Map<unknown, Limited[]>();
  for (const item of limited) {
    const whole = item.draft.rate.onLimit === 'skip' ? item : (item.delivery ?? item);
    const group = groups.get(whole);
    if (group === undefined) groups.set(whole, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

/**
 * Takes the tokens of all or of none. A delivery that is larger than the limit would never pass: it needs every token that there can be, and what
 * is more of it starts later.
 */
function spend(together: readonly Limited[], tats: ReadonlyMap<string, Tokens>): void {
  const [
    {
      draft: { rate },
    },
  ] = together as [Limited];
  const state = tats.get(rate.space);
  if (state === undefined) return;
  let { tat } = state;
  const waits = together.map(() => {
    const taken = takeToken({ ...rate, onLimit: 'delay' }, tat, state.nowMs);
    tat = taken.tat;
    return taken.waitMs;
  });
  const retryAfterMs = waits[Math.min(together.length, rate.limit) - 1] ?? 0;
  const mayPass = rate.onLimit === 'delay' || retryAfterMs === 0;
  if (mayPass) state.tat = tat;
  for (const [at, item] of together.entries()) {
    if (mayPass) item.delayMs = Math.max(item.delayMs, waits[at] ?? 0);
    else item.verdict = { status: 'limited', retryAfterMs };
  }
}

function isLimited(item: Judged): item is Limited {
  return item.draft.rate !== null && item.draft.state === 'accepted' && item.verdict === null;
}
