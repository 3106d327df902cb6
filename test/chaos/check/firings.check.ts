import type { Sent } from '../world/feeder.js';
import type { Expectations } from './expectations.js';
import type { FiringView, LedgerView } from './ledger-view.js';

/** What each trigger starts, by workflow. */
const STARTS = {
  counted: ['single'],
  keyed: ['chain', 'fan'],
  waiting: ['taker'],
  delivered: ['single'],
  followed: ['follower'],
  written: ['single'],
  ticking: ['single'],
} as const;

/** Firing is exactly once: nothing that was fed is lost, nothing is there twice, and no answer was a lie. */
export function checkFirings(view: LedgerView, expected: Expectations): string[] {
  const { feeder } = expected;
  return [
    ...view.others.map((row) => `firing ${String(row['id'])} is ${String(row['state'])}: ${String(row['reason'])}`),
    ...(['counted', 'keyed'] as const).flatMap((trigger) => checkOnce(view, trigger, feeder.fed[trigger].length)),
    ...checkOnce(view, 'delivered', feeder.delivered.length),
    ...checkNeverTogether(view, expected),
    ...checkAcknowledged(view.byItem(null), feeder.started, expected),
    ...checkAcknowledged(view.byItem('delivered'), feeder.delivered, expected),
    ...view.firings.flatMap(checkWorkflows),
  ];
}

function checkOnce(view: LedgerView, trigger: 'counted' | 'keyed' | 'delivered', fed: number): string[] {
  const fired = view.byItem(trigger);
  const strangers = fired.size > fed ? [`${trigger} fired ${fired.size} items, but ${fed} were fed`] : [];
  const doubles = [...fired].filter(([, firings]) => firings.length > 1);
  return [
    ...strangers,
    ...doubles.map(([item, firings]) => `${String(item)} has fired ${firings.length} times: ${idsOf(firings)}`),
  ];
}

/** A key that is held while its work runs: the next firing begins after the last one has ended. */
function checkNeverTogether(view: LedgerView, { clockJumped }: Expectations): string[] {
  if (clockJumped) return [];
  return [...view.byItem('waiting')].flatMap(([item, firings]) => {
    const ordered = [...firings].sort((a, b) => a.createdAt - b.createdAt);
    return ordered.slice(1).flatMap((firing, index) => {
      const before = ordered[index]!;
      const ended = Math.max(...before.executions.map(({ finishedAt }) => finishedAt));
      return firing.createdAt >= ended ? [] : [`${String(item)} fired again while it ran: ${idsOf([before, firing])}`];
    });
  });
}

function checkAcknowledged(
  byItem: ReadonlyMap<unknown, readonly FiringView[]>,
  sent: readonly Sent[],
  { ledgerLostAt }: Expectations,
): string[] {
  return sent.flatMap(({ work, acknowledged }) => {
    const firings = byItem.get(work.item) ?? [];
    const problems = firings.length > 1 ? [`${work.item} was started ${firings.length} times: ${idsOf(firings)}`] : [];
    if (acknowledged.length === 0) problems.push(`${work.item} was never acknowledged`);
    for (const { firingId } of acknowledged.filter(({ askedAt }) => askedAt > (ledgerLostAt ?? 0)))
      if (!firings.some(({ id }) => id === firingId))
        problems.push(`${work.item} was acknowledged as ${firingId}, which is not there`);
    return problems;
  });
}

function checkWorkflows({ id, trigger, executions }: FiringView): string[] {
  const workflows = executions.map(({ workflow }) => workflow).sort();
  const wanted: readonly string[] = trigger === null ? workflows.slice(0, 1) : STARTS[trigger as keyof typeof STARTS];
  return workflows.join() === wanted.join()
    ? []
    : [`firing ${id} started ${workflows.join(', ')}, not ${wanted.join(', ')}`];
}

function idsOf(firings: readonly FiringView[]): string {
  return firings.map(({ id }) => id).join(', ');
}
