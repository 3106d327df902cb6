import type { Polled } from '../worker/effects.js';
import type { LedgerView } from './ledger-view.js';

/**
 * Every trigger has one living owner: the row names a node whose lease stands, and that process, and no other, polls it.
 *
 * @param polls what was polled lately, in a time in which nothing happened
 * @param now the time at which the ledger was read
 */
export function checkOwners(view: LedgerView, polls: readonly Polled[], now: number): string[] {
  return [...view.triggers].flatMap(([name, { owner }]) => {
    const node = view.nodes.get(owner);
    if (node === undefined) return [`trigger ${name} is owned by ${String(owner)}, which is no node`];
    if (node.leaseUntil <= now) return [`trigger ${name} is owned by ${node.name}, which is dead`];
    const pollers = [...new Set(polls.filter(({ trigger }) => trigger === name).map(({ by }) => by))];
    return pollers.join() === node.name
      ? []
      : [`trigger ${name} is owned by ${node.name}, but polled by ${pollers.sort().join(' and ') || 'nobody'}`];
  });
}
