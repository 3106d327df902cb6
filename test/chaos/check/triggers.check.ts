import type { Expectations } from './expectations.js';
import type { LedgerView } from './ledger-view.js';

/** Of the others the last second of counts is lost with the process. */
const COUNTED_IN_COMMIT: ReadonlySet<unknown> = new Set(['poll', 'schedule']);

/** Cursor and counters of what is polled are written in the commit of its firings: they agree with them, whatever died. */
export function checkTriggers(view: LedgerView, { feeder }: Expectations): string[] {
  return [...view.triggers].flatMap(([name, row]) => {
    const fires = view.firings.filter(({ trigger }) => trigger === name).length;
    const counted = Number(row['fires']);
    const agrees = COUNTED_IN_COMMIT.has(row['kind']) ? counted === fires : counted <= fires;
    const problems = agrees ? [] : [`trigger ${name} counts ${counted} fires, but has ${fires}`];
    if (Number(row['consecutive_failures']) > 0) problems.push(`trigger ${name} fails: ${String(row['last_error'])}`);
    if (name === 'counted' && row['cursor'] !== JSON.stringify({ next: feeder.fed.counted.length }))
      problems.push(
        `trigger ${name} stands at ${String(row['cursor'])}, but ${feeder.fed.counted.length} items were fed`,
      );
    return problems;
  });
}
