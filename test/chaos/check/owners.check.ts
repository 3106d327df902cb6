import type { Polled } from '../worker/effects.js';
import type { LedgerView } from './ledger-view.js';

/**
 * Every trigger that is polled has one living owner: the row names a node whose lease stands, and that process, and no other, polls
 * it. The method of a schedule is called at its ticks alone, and by then the operator may have switched it off.
 *
 * @param polls what was polled lately, in a time in which nothing happened
 * @param now the time at which the ledger was read
 */
export function checkOwners(view: LedgerView, polls: readonly Polled[], now: number): string[] {
  const owned = [...view.triggers].filter(([, { kind }]) => kind === 'poll' || kind === 'schedule');
  return owned.flatMap(([name, { owner, kind }]) => {
    const node = view.nodes.get(owner);
    if (node === undefined) return [`trigger ${name} is owned by ${String(owner)}, which is no node`];
    if (node.leaseUntil <= now) return [`trigger ${name} is owned by ${node.name}, which is dead`];
    const pollers = [...new Set(polls.filter(({ trigger }) => trigger === name).map(({ by }) => by))];
    if (kind === 'schedule' && pollers.length === 0) return [];
    return pollers.join() === node.name
      ? []
      : [`trigger ${name} is owned by ${node.name}, but polled by ${pollers.sort().join(' and ') || 'nobody'}`];
  });
}
