import { ENDED } from './ledger-view.js';
import type { LedgerView } from './ledger-view.js';
import type { Expectations } from './expectations.js';

/** What is still to be done: empty when everything that was fed has ended and was told. */
export function unfinished(view: LedgerView, { feeder }: Expectations): string[] {
  return [
    ...notFired(view, feeder),
    ...notTaken(view, feeder),
    ...notEnded(view),
    ...notTold(view),
    ...notFollowed(view),
    ...notReleased(view),
    ...notRelayed(view),
    ...stillTicking(view),
  ];
}

function notFired(view: LedgerView, feeder: Expectations['feeder']): string[] {
  return (['counted', 'keyed', 'waiting'] as const).flatMap((trigger) => {
    const fired = view.byItem(trigger);
    return feeder.fed[trigger].filter(({ item }) => !fired.has(item)).map(({ item }) => `${item} has not fired`);
  });
}

/**
 * A cancelled execution leaves its item on the list, so it fires again; unless its body had taken the item, and its
 * process died before that was written.
 */
function notTaken(view: LedgerView, feeder: Expectations['feeder']): string[] {
  const fired = view.byItem('waiting');
  const isTaken = (item: string): boolean => {
    const states = (fired.get(item) ?? []).flatMap(({ executions }) => executions.map(({ state }) => state));
    return states.includes('completed') || (states.includes('cancelled') && feeder.isTaken(item));
  };
  return feeder.fed.waiting.filter(({ item }) => !isTaken(item)).map(({ item }) => `${item} is not taken`);
}

function notEnded(view: LedgerView): string[] {
  return view.executions
    .filter(({ state }) => !ENDED.has(state))
    .map(({ id, workflow, state, tasks }) => {
      const open = tasks.filter(
        (task) => !['completed', 'failed', 'skipped', 'cancelled'].includes(String(task['state'])),
      );
      const states = open.map((task) => `${String(task['task'])} ${String(task['state'])}`).join(', ');
      return `execution ${id} of ${workflow} is ${state} (${states})`;
    });
}

function notTold(view: LedgerView): string[] {
  return view.executions.flatMap(({ id, row, tasks }) => [
    ...(row['callback_state'] === 'pending' ? [`the callback of execution ${id} is pending`] : []),
    ...tasks
      .filter((task) => task['callback_state'] === 'pending')
      .map((task) => `the callback of task ${String(task['task'])} of ${id} is pending`),
  ]);
}

function notFollowed({ followUps }: LedgerView): string[] {
  return followUps.map((row) => `the end of execution ${String(row['execution_id'])} is not followed`);
}

function notReleased({ others }: LedgerView): string[] {
  return others.filter(({ state }) => state === 'held').map(({ id }) => `firing ${String(id)} is held`);
}

function notRelayed({ outbox }: LedgerView): string[] {
  return outbox.map((row) => `row ${String(row['id'])} of the outbox is not relayed`);
}

/** The operator switches the schedule off in the end; what was not committed before that is not committed any more. */
function stillTicking({ triggers }: LedgerView): string[] {
  const row = triggers.get('ticking');
  return row !== undefined && !isOff(row['enabled_override']) ? ['the schedule is still ticking'] : [];
}

/** SQLite has a number, Postgres' driver a boolean. */
function isOff(override: unknown): boolean {
  return override === false || override === 0;
}
