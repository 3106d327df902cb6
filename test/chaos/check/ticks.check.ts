import type { Expectations } from './expectations.js';
import { instant } from './ledger-view.js';
import type { LedgerView } from './ledger-view.js';

/** The interval of the schedule in `worker/sources.ts`. */
const EVERY_MS = 1_000;

/** No tick of the schedule fires twice, and between the first and the last none is missing. */
export function checkTicks(view: LedgerView, { clocksAreTrue }: Expectations): string[] {
  const anchor = instant(view.triggers.get('ticking')?.['first_seen_at']);
  const ticks = view
    .of('ticking')
    .map(({ scheduledFor }) => scheduledFor)
    .sort((a, b) => a - b);
  return ticks.flatMap((tick, index) => {
    const before = ticks[index - 1];
    if (before === tick) return [`the tick of ${text(tick)} fired twice`];
    if ((tick - anchor) % EVERY_MS !== 0) return [`${text(tick)} is no tick since ${text(anchor)}`];
    // Who is more than 100 ticks behind lets the rest go.
    if (!clocksAreTrue || before === undefined || tick - before === EVERY_MS) return [];
    return [`no tick fired between ${text(before)} and ${text(tick)}`];
  });
}

function text(at: number): string {
  return Number.isNaN(at) ? 'never' : new Date(at).toISOString();
}
