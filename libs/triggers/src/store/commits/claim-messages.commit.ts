import { newId } from '../../model/ids.js';
import type { ExecutionId, LeaseToken } from '../../model/ids.js';
import { COMMIT_ORDER } from '../commit-kind.js';
import type { CommitKind, CommitScope } from '../commit-kind.js';
import { batch, run } from '../dialects/batch.js';
import type { Work } from '../dialects/batch.js';
import { ALONE_FROM_RESCUE, CLAIMED_COLUMNS, startClaimed } from './claim.commit.js';

/** A message says that this task is ready. It may be lost, late, doubled or wrong: the row decides. */
export interface MessageItem {
  readonly executionId: ExecutionId;
  readonly task: string;
}

/**
 * What became of a message. `claimed`: its task runs here, in a slot of this node. `full`: this node has no slot for it, so nobody
 * looked. `refused`: its task is not ready, not due, not declared here, or somebody else has it.
 */
export type MessageOutcome = 'claimed' | 'full' | 'refused';

const CLAIM_NAMED = batch(
  'task_claim_named',
  { _execution: 'text', _task: 'text', _node: 'text', _token: 'text', _declared: 'text' },
  ({ now, skipLocked, isAmong, ifSo }) => `, chosen AS MATERIALIZED (
      SELECT execution_id, task FROM triggers_task
      WHERE (execution_id, task) IN (SELECT _execution, _task FROM g) AND ${ifSo(`state = 'ready'`)}
        AND run_at <= ${now} AND rescues < ${ALONE_FROM_RESCUE}
        AND ${isAmong(`workflow || ':' || workflow_hash`, '(SELECT _declared FROM g LIMIT 1)')}
      ORDER BY execution_id, task ${skipLocked})
    UPDATE triggers_task SET state = 'running', owner = (SELECT _node FROM g LIMIT 1), started_at = ${now},
      lease_token = (SELECT _token FROM g LIMIT 1)
    WHERE (execution_id, task) IN (SELECT execution_id, task FROM chosen)
    RETURNING ${CLAIMED_COLUMNS}`,
);

/** Claims of tasks by their names, as many as there are slots for; all messages of a group by one statement. */
export const CLAIM_MESSAGES: CommitKind<MessageItem, MessageOutcome> = {
  name: 'claimMessage',
  order: COMMIT_ORDER.message,
  bytes: ({ task }) => 200 + task.length,
  run: claimMessages,
};

function* claimMessages(items: readonly MessageItem[], scope: CommitScope): Work<readonly MessageOutcome[]> {
  // Of several messages about one task the first counts.
  const named = new Map<string, MessageItem>();
  for (const item of items) if (!named.has(keyOf(item))) named.set(keyOf(item), item);
  const looked = [...named.keys()].slice(0, slotsFor(named.size, scope)).sort();
  const claimed = yield* claimNamed(
    looked.map((key) => named.get(key) as MessageItem),
    scope,
  );
  const full = new Set([...named].slice(looked.length).map(([, item]) => item));
  return items.map((item) => {
    if (full.has(item)) return 'full';
    return claimed.delete(keyOf(item)) ? 'claimed' : 'refused';
  });
}

/** None beside a task that must run alone: it waits until this node is idle. */
function slotsFor(messages: number, scope: CommitScope): number {
  return scope.claimer?.isQuiet === false ? scope.reserveSlots(messages) : 0;
}

function* claimNamed(items: readonly MessageItem[], scope: CommitScope): Work<Set<string>> {
  const token = newId<LeaseToken>();
  const declared = JSON.stringify(scope.claimer?.declared ?? []);
  const rows = yield* run(
    CLAIM_NAMED,
    items.map(({ executionId, task }) => [executionId, task, scope.claimer?.nodeId, token, declared]),
  );
  yield* startClaimed(rows, token, scope);
  return new Set(rows.map((row) => `${String(row['execution_id'])}/${String(row['task'])}`));
}

/** Equal for messages about one task. */
export function keyOf({ executionId, task }: MessageItem): string {
  return `${executionId}/${task}`;
}
