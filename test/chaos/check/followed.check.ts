import type { Expectations } from './expectations.js';
import { groupBy } from './ledger-view.js';
import type { ExecutionView, FiringView, LedgerView } from './ledger-view.js';

/** Every end of a followed execution fires once. One that an operator let go on ends again, at most as often as that was asked for. */
export function checkFollowed(view: LedgerView, { operator }: Expectations): string[] {
  const followed = groupBy(view.of('followed'), ({ work }) => work.end?.execution);
  const ended = new Map(view.executions.filter(({ workflow }) => workflow === 'chain').map((one) => [one.id, one]));
  const strangers = [...followed.keys()].filter((id) => !ended.has(String(id)));
  return [
    ...strangers.map((id) => `an end of ${String(id)} was followed, but it is no execution of chain`),
    ...[...ended.values()].flatMap((execution) =>
      checkEnds(execution, followed.get(execution.id) ?? [], operator.retried.get(execution.id) ?? 0),
    ),
  ];
}

function checkEnds({ id, state }: ExecutionView, followed: readonly FiringView[], retries: number): string[] {
  const states = followed.map(({ work }) => work.end?.state);
  const what = `the end of execution ${id}`;
  if (!states.includes(state)) return [`${what}, ${state}, was followed as ${states.join(', ') || 'nothing'}`];
  // What has completed never ends again.
  const completed = states.filter((one) => one === 'completed').length;
  return states.length > 1 + retries || completed > 1
    ? [
        `${what} was followed ${states.length} times after ${retries} retries: ${followed.map((one) => one.id).join(', ')}`,
      ]
    : [];
}
