import type { Expectations } from './expectations.js';
import type { LedgerView } from './ledger-view.js';

/** Cursor and counters of a trigger are written in the commit of its firings: they agree with them, whatever died. */
export function checkTriggers(view: LedgerView, { feeder }: Expectations): string[] {
  return [...view.triggers].flatMap(([name, row]) => {
    const fires = view.firings.filter(({ trigger }) => trigger === name).length;
    const problems =
      Number(row['fires']) === fires ? [] : [`trigger ${name} counts ${String(row['fires'])} fires, but has ${fires}`];
    if (Number(row['consecutive_failures']) > 0) problems.push(`trigger ${name} fails: ${String(row['last_error'])}`);
    if (name === 'counted' && row['cursor'] !== JSON.stringify({ next: feeder.fed.counted.length }))
      problems.push(
        `trigger ${name} stands at ${String(row['cursor'])}, but ${feeder.fed.counted.length} items were fed`,
      );
    return problems;
  });
}
