import type { Expectations } from './expectations.js';
import type { Effects } from './effects.js';
import type { LedgerView } from './ledger-view.js';

/**
 * How long each execution waited from its firing to its first body, in milliseconds. Those that the operator paused or cancelled waited
 * for the operator, as may have events of the webhook, which the operator switches.
 */
export function startWaits(view: LedgerView, { bodies }: Effects, { operator }: Expectations): number[] {
  const began = new Map<string, number>();
  for (const { execution, at } of bodies) began.set(execution, Math.min(began.get(execution) ?? at, at));
  const firings = view.firings.filter(({ trigger }) => trigger !== 'delivered');
  return firings.flatMap(({ createdAt, executions }) =>
    executions
      .filter(({ id }) => began.has(id) && !operator.paused.has(id) && !operator.cancelled.has(id))
      .map(({ id }) => began.get(id)! - createdAt),
  );
}
